"""Runs as files and as text: test files in; reports, exported tests and a terminal's lines out."""
