"""A suite as projects have it: pytest-playwright, page objects, fixtures, and everything that makes tests awkward.

It runs by itself, with nothing of jumpseat installed: `CHROMIUM_PATH`, `SHOP_URL` and `PAGES_URL` come from the
environment (`python -m tests.attach.suites.site`).
"""
