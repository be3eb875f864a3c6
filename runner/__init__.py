"""Runs and browsers.

``run`` carries out one run and keeps all of them; ``planners`` propose the next step; ``browser`` does it, behind the
``Driver`` interface in ``driver.py``; ``egress`` is what a driven page's traffic goes through; ``selectors`` builds,
parses and writes Playwright selectors; ``store`` keeps runs on disk; ``export`` writes them as tests, ``reports`` as
JUnit XML and lines in a terminal.
"""
