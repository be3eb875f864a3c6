"""The traces of runs: what Playwright has written down becomes a file that others may have."""
