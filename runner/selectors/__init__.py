"""Playwright selectors: built, parsed, described, and written as code; only here stand ``internal:`` engines."""
