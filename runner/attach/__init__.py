"""Runs whose steps come from outside: somebody's own Playwright, whose browser jumpseat launches and watches."""
