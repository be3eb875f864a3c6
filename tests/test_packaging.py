"""What is built and installed: one version, types for every package."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import jumpseat
from signaling.http.openapi import describe

ROOT = Path(__file__).parents[1]
PACKAGES = ("control", "jumpseat", "media", "runner", "signaling", "web")
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def test_python_npm_and_openapi_have_one_version() -> None:
    """``pyproject.toml`` has it; RELEASING.md says where it is repeated. ``make setup`` installs a new one."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    versions = {
        "installed package": jumpseat.__version__,
        "OpenAPI": describe()["info"]["version"],
        "web/package.json": json.loads((ROOT / "web" / "package.json").read_text())["version"],
        "web/package-lock.json": lock["version"],
        "web/package-lock.json, its package": lock["packages"][""]["version"],
    }
    assert versions == dict.fromkeys(versions, VERSION)


@pytest.mark.process
def test_the_command_says_the_version() -> None:
    command = [sys.executable, "-m", "jumpseat", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    assert (said.stdout, said.stderr) == (f"jumpseat {VERSION}\n", "")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
