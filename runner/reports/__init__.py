"""Finished runs as JUnit XML and as lines in a terminal."""
