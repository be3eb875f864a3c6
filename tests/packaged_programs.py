"""Programs that only tests need, from the distribution: `python -m tests.packaged_programs firefox nginx`.

It finds each or installs its package, and prints its path; exit code 1 where one of them cannot be had.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.browser.install import install_packages


@dataclass(frozen=True)
class PackagedProgram:
    """The commands that it may have, its package in Debian, and what tests do without it."""

    commands: tuple[str, ...]
    package: str
    without: str
    places: str = "/usr/sbin"
    """Where it may be beside ``PATH``: a folder, or a pattern for the folders of several versions."""

    def find(self) -> str | None:
        """Returns its path, or None where it is not installed."""
        folders = sorted(map(str, Path("/").glob(self.places.lstrip("/"))), reverse=True)
        path = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])
        return next(filter(None, (shutil.which(command, path=path) for command in self.commands)), None)


FIREFOX = PackagedProgram(("firefox", "firefox-esr"), "firefox-esr", "the tests with one are left out")
HEADLESS_SHELL = PackagedProgram(
    ("chromium-headless-shell", "chrome-headless-shell"), "chromium-headless-shell", "tests take Chromium itself"
)
"""Chromium without a user interface, as Playwright takes it for tests: it starts in a quarter of the time."""
NGINX = PackagedProgram(("nginx",), "nginx-light", "the tests behind one are left out")
POSTGRES = PackagedProgram(
    ("initdb",), "postgresql", "the tests with one are left out", places="/usr/lib/postgresql/*/bin"
)
BY_NAME = {"firefox": FIREFOX, "headless-shell": HEADLESS_SHELL, "nginx": NGINX, "postgres": POSTGRES}


def main(names: Sequence[str]) -> int:
    """Finds or installs the programs of these names; returns the exit status."""
    missing = 0
    for name in names:
        program = BY_NAME[name]
        if program.find() is None:
            print(f"no {name} is installed: trying the distribution's package", file=sys.stderr, flush=True)
            install_packages(program.package)
        if path := program.find():
            print(path)
        else:
            missing += 1
            print(f"no {name}: {program.without} (Debian: apt-get install {program.package})", file=sys.stderr)
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
