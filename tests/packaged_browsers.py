"""Browsers that only tests need, from the distribution: `python -m tests.packaged_browsers firefox headless-shell`.

It finds each or installs its package, and prints its path; exit code 1 where one of them cannot be had.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from runner.browser.install import install_packages


@dataclass(frozen=True)
class PackagedBrowser:
    """The commands that it may have, its package in Debian, and what tests do without it."""

    commands: tuple[str, ...]
    package: str
    without: str

    def find(self) -> str | None:
        """Returns its path, or None where it is not installed."""
        return next(filter(None, map(shutil.which, self.commands)), None)


FIREFOX = PackagedBrowser(("firefox", "firefox-esr"), "firefox-esr", "the tests with one are left out")
HEADLESS_SHELL = PackagedBrowser(
    ("chromium-headless-shell", "chrome-headless-shell"), "chromium-headless-shell", "tests take Chromium itself"
)
"""Chromium without a user interface, as Playwright takes it for tests: it starts in a quarter of the time."""
BY_NAME = {"firefox": FIREFOX, "headless-shell": HEADLESS_SHELL}


def main(names: Sequence[str]) -> int:
    """Finds or installs the browsers of these names; returns the exit status."""
    missing = 0
    for name in names:
        browser = BY_NAME[name]
        if browser.find() is None:
            print(f"no {name} is installed: trying the distribution's package", file=sys.stderr, flush=True)
            install_packages(browser.package)
        if path := browser.find():
            print(path)
        else:
            missing += 1
            print(f"no {name}: {browser.without} (Debian: apt-get install {browser.package})", file=sys.stderr)
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
