"""The documents and the packaging say the same about what is depended on."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [project["dependencies"], *project["optional-dependencies"].values()]
    everything = [Requirement(line) for group in listed for line in group]
    return [requirement for requirement in everything if requirement.name != "jumpseat"]


def node_packages() -> set[str]:
    package = json.loads((ROOT / "web" / "package.json").read_text())
    kinds = ("dependencies", "devDependencies", "peerDependencies")
    return {name for kind in kinds for name in package.get(kind, {})}


def optional_node_packages(lock: dict[str, Any]) -> set[str]:
    return {name for entry in lock["packages"].values() for name in entry.get("optionalDependencies", {})}


def pinned() -> dict[str, Version]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in lines)}


def test_every_direct_dependency_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", (ROOT / "docs" / "dependencies.md").read_text(), re.M)
    explained = {name for row in rows if row != "package" for name in row.split(", ")}
    assert explained == {requirement.name for requirement in requirements()} | node_packages()


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_the_pinned_version_is_allowed(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])


def test_the_node_lock_knows_every_platform() -> None:
    """`npm ci` refuses a lock without them; npm writes one where the registry at hand lacks a platform's package."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    locked = {path.rpartition("node_modules/")[2] for path in lock["packages"]}
    assert optional_node_packages(lock) <= locked
    assert not [path for path, entry in lock["packages"].items() if "resolved" in entry]
