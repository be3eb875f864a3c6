"""Runs written down as tests that pass without jumpseat."""
