"""Environments for the suites of others: pytest with Playwright, and Playwright Test, with nothing of ours in them.

`python -m tests.attach.environments` makes both beforehand and prints where they are: a first time takes half a minute.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from tests.sources import ROOT, pinned_versions

SUITES = Path(__file__).parent / "suites"
PACKAGES = ("playwright", "pytest", "pytest-playwright", "pytest-rerunfailures", "pytest-xdist")
"""What a project with a Playwright suite in Python installs itself."""
PINNED_HERE = {"pytest-playwright": "0.10.0", "pytest-rerunfailures": "16.7"}
"""Versions of those that jumpseat does not use itself; the others stand in `constraints.txt`."""
INSTALL_SECONDS = 600


class EnvironmentMissing(Exception):
    """pip or npm could not install; the message is what it said."""


def python_environment(**versions: str) -> Path:
    """Returns the Python of a virtual environment that holds `PACKAGES` and what they need.

    Without `versions` they are those that jumpseat is tested with; `python_environment(playwright="1.58.0")` has
    another one. Several processes may call this at once: one installs, the others wait.
    """
    pins = {package: version for package, version in (pinned_versions() | PINNED_HERE).items() if package in PACKAGES}
    pins |= {package.replace("_", "-"): version for package, version in versions.items()}
    wanted = [f"{package}=={version}" for package, version in sorted(pins.items())]
    folder = _cache() / f"python-{_key(sys.version, *wanted)}"
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    with _made_once(folder) as missing:
        if missing:
            venv.create(folder, clear=True, with_pip=True)
            _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], ROOT)
    return python


def node_environment(version: str | None = None) -> Path:
    """Returns a folder in which Playwright Test is installed, so that `npx playwright test` works there.

    Without a `version` it is the folder of the suite in TypeScript, with what its lock file says; else an empty one of
    that version's own. Several processes may call this at once.
    """
    folder = SUITES / "node" if version is None else _cache() / f"node-{version}"
    if version is None:
        lock = (folder / "package-lock.json").read_text()
        with _made_once(folder / "node_modules", _key(lock)) as missing:
            if missing:
                _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder)
        return folder
    with _made_once(folder) as missing:
        if missing:
            folder.mkdir(parents=True, exist_ok=True)
            package = {"private": True, "dependencies": {"@playwright/test": version}}
            (folder / "package.json").write_text(json.dumps(package))
            _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    return folder


def clean_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Returns an environment for a suite: without what points Python to our own packages and settings."""
    ours = ("JUMPSEAT_", "PYTEST_", "PYTHON", "VIRTUAL_ENV", "COV_", "PLAYWRIGHT_", "PW_", "NODE_OPTIONS")
    return {name: value for name, value in variables.items() if not name.startswith(ours)}


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("jumpseat", appauthor=False))


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@contextmanager
def _made_once(folder: Path, key: str = "") -> Iterator[bool]:
    """Says whether the folder has to be made, and marks it as complete after that; the others wait meanwhile."""
    _cache().mkdir(parents=True, exist_ok=True)
    with (_cache() / f"{_key(str(folder))}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = folder / ".complete"
        missing = not mark.is_file() or mark.read_text() != key
        if missing:
            shutil.rmtree(folder, ignore_errors=True)
        yield missing
        if missing:
            mark.write_text(key)


def _run(command: Sequence[str], folder: Path) -> None:
    """Runs an installation; nothing downloads a browser."""
    variables = clean_variables(os.environ) | {"PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    ended = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if ended.returncode:
        raise EnvironmentMissing(f"{' '.join(command)}: {(ended.stderr or ended.stdout).strip()}")


def main() -> int:
    """The command; takes no arguments."""
    try:
        print(python_environment(), node_environment(), sep="\n")
    except (EnvironmentMissing, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
