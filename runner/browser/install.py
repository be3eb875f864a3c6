"""Finds a Chromium, or installs one: `python -m runner.browser.install [--path FILE]`.

It prints the place on stdout with exit code 0, or the reason on stderr with exit code 1.

In this order: the given file; an installed Chrome, Chromium or Edge; Playwright's own build; the distribution's package
where apt-get may be used without asking. An own build or a package counts only when it really starts: both can be
installed and still lack a library.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["BrowserMissing", "find_browser", "install_browser", "install_packages", "main"]

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "msedge", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
DOWNLOAD_SECONDS = 600
START_SECONDS = 60

Say = Callable[[str], None]


class BrowserMissing(Exception):
    """Raised where no browser can be used; the message is one line that says what to do."""


def find_browser(explicit: str | None = None, *, places: Sequence[str] = PLACES) -> Path | None:
    """Returns the browser to start, or None where only Playwright's own build is left to try.

    `explicit` is a file that must be used (`JUMPSEAT_BROWSER_PATH`). Raises `BrowserMissing` if it cannot be executed:
    silently taking another browser would hide the mistake.
    """
    if explicit:
        if not _is_executable(explicit):
            raise BrowserMissing(f"JUMPSEAT_BROWSER_PATH: {explicit} is not an executable file: correct it or unset it")
        return Path(explicit)
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    found = on_path or next(filter(_is_executable, places), None)
    return Path(found) if found else None


def install_browser(*, say: Say, scripts: Path) -> Path | None:
    """Installs Playwright's own build and returns None, or else the distribution's package and returns its executable.

    `scripts` is the folder with this environment's `playwright` command; `say` gets what is being tried.
    Raises `BrowserMissing` when neither gives a browser that starts.
    """
    say("no Chrome or Chromium is installed: trying Playwright's own build (a download)")
    if _install_playwright_build(str(scripts / "playwright")):
        return None
    say("Playwright's own build cannot be had: trying the distribution's package")
    packaged = _install_package()
    if packaged is None:
        raise BrowserMissing(
            "no browser: install Chrome or Chromium (Debian: apt-get install chromium), "
            "or set JUMPSEAT_BROWSER_PATH to one"
        )
    return packaged


def _is_executable(file: str) -> bool:
    return Path(file).is_file() and os.access(file, os.X_OK)


def _works(*command: str, seconds: float) -> bool:
    """Returns whether the command ends well in time; its output is dropped, as it would bury our own one line."""
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def _install_playwright_build(playwright: str) -> bool:
    if not _works(playwright, "install", "--no-progress", "chromium", seconds=DOWNLOAD_SECONDS):
        return False
    with tempfile.TemporaryDirectory() as folder:
        picture = str(Path(folder) / "blank.png")
        return _works(playwright, "screenshot", "--browser", "chromium", "about:blank", picture, seconds=START_SECONDS)


def install_packages(*names: str) -> bool:
    """Installs packages of the distribution; whether apt-get is here, may be used without asking, and did it."""
    apt = shutil.which("apt-get")
    rights = _rights()
    if apt is None or rights is None:
        return False
    # An old list of packages names files that are gone; a failed update may still leave a list that is good enough.
    _works(*rights, apt, "update", seconds=DOWNLOAD_SECONDS)
    get = [*rights, apt, "install", "--yes", "--no-install-recommends", *names]
    return _works(*get, seconds=DOWNLOAD_SECONDS)


def _install_package() -> Path | None:
    # Without any font a page has no text; the other recommended packages are for desktops.
    if not install_packages("chromium", "fonts-liberation"):
        return None
    found = find_browser()
    return found if found and _works(str(found), "--version", seconds=START_SECONDS) else None


def _rights() -> list[str] | None:
    """Returns what goes before a command that needs to be root: nothing, or sudo; None where neither is possible."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    return [sudo, "-n"] if sudo and _works(sudo, "-n", "true", seconds=START_SECONDS) else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the browser's path, or on stderr in one line why there is none; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m runner.browser.install", description="Finds or installs a Chromium."
    )
    parser.add_argument("--path", help="the browser that must be used (JUMPSEAT_BROWSER_PATH)")
    wanted = parser.parse_args(arguments).path
    try:
        browser = find_browser(wanted) or install_browser(say=_print_error, scripts=Path(sys.executable).parent)
    except BrowserMissing as error:
        _print_error(str(error))
        return 1
    print(browser or "Playwright's own Chromium")
    return 0


def _print_error(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
