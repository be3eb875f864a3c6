"""The documents and the packaging say the same about what is depended on."""

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import av
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.sources import ROOT, nodes, pinned_versions, python_files, tree

NODE_FOLDERS = (
    ROOT / "web",
    ROOT / "web" / "generator",
    ROOT / "tests" / "attach" / "suites" / "node",
    ROOT / "tests" / "signaling" / "watching" / "foreign",
    ROOT / "tests" / "pages" / "widgets",
)


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [project["dependencies"], *project["optional-dependencies"].values()]
    everything = [Requirement(line) for group in listed for line in group]
    return [requirement for requirement in everything if requirement.name != "jumpseat"]


OURS = {"bench", "control", "examples", "hatch_build", "jumpseat", "media", "runner", "signaling", "tests", "web"}
PRODUCT = ("control", "jumpseat", "media", "runner", "signaling", "web")
UPPER_BOUNDED = {"aioice", "aiortc", "livekit", "playwright"}
"""Those whose private names are used: tests/test_private_apis.py lists them."""


def declared(*groups: str) -> set[str]:
    """Canonical names of the project's dependencies and of these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *(line for group in groups for line in project["optional-dependencies"][group])]
    return {canonicalize_name(Requirement(line).name) for line in listed}


LEFT_OUT = {"attached", "foreign"}
"""Folders whose files run in the environments of others."""


def imported(*rooms: str) -> dict[str, str]:
    """The packages of others that are imported, each with a file that does so."""
    found: dict[str, str] = {}
    for path in (path for path in python_files(*rooms) if not LEFT_OUT & {*path.parts}):
        for node in nodes(tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.append(node.module)
            found |= {name.partition(".")[0]: str(path.relative_to(ROOT)) for name in names}
    return {name: path for name, path in found.items() if name not in OURS | set(sys.stdlib_module_names)}


def node_packages() -> set[str]:
    packages = [json.loads((folder / "package.json").read_text()) for folder in NODE_FOLDERS]
    kinds = ("dependencies", "devDependencies", "peerDependencies")
    return {name for package in packages for kind in kinds for name in package.get(kind, {})}


def optional_node_packages(lock: dict[str, Any]) -> set[str]:
    return {name for entry in lock["packages"].values() for name in entry.get("optionalDependencies", {})}


def pinned() -> dict[str, Version]:
    return {canonicalize_name(name): Version(version) for name, version in pinned_versions().items()}


def test_every_direct_dependency_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", (ROOT / "docs" / "dependencies.md").read_text(), re.M)
    explained = {name for row in rows if row != "package" for name in row.split(", ")}
    assert explained == {requirement.name for requirement in requirements()} | node_packages()


@pytest.mark.parametrize(
    ("rooms", "groups"), [(PRODUCT, ("livekit", "model")), (("bench", "tests"), ("livekit", "model", "dev"))]
)
def test_every_package_that_is_imported_is_declared(rooms: tuple[str, ...], groups: tuple[str, ...]) -> None:
    packages = packages_distributions()
    undeclared = {
        f"{module}, in {path}"
        for module, path in imported(*rooms).items()
        if not {canonicalize_name(name) for name in packages.get(module, [])} & declared(*groups)
    }
    assert not undeclared


def test_libraries_whose_private_names_are_used_have_an_upper_bound() -> None:
    bounded = {each.name for each in requirements() if any(part.operator == "<" for part in each.specifier)}
    assert bounded == UPPER_BOUNDED


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_the_pinned_version_is_allowed(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])


def test_the_gpl_libraries_in_pyavs_wheels_are_named() -> None:
    """The page says that there are two; another release may carry others."""
    folder = Path(av.__file__).parents[1] / "av.libs"
    if not folder.is_dir():
        pytest.skip("this PyAV is no Linux wheel")
    gpl = {"libx264", "libx265", "libxvidcore", "libpostproc", "librubberband", "libvidstab", "libfdk-aac"}
    carried = {name for name in gpl if any(file.name.startswith(name) for file in folder.iterdir())}
    rows = (ROOT / "docs" / "dependencies.md").read_text()
    assert carried == set(re.findall(r"^\| (lib\w+) \| GPL-2\.0-or-later:", rows, re.M))


@pytest.mark.parametrize("folder", NODE_FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_the_node_lock_knows_every_platform(folder: Path) -> None:
    """`npm ci` refuses a lock without them; npm writes one where the registry at hand lacks a platform's package."""
    lock = json.loads((folder / "package-lock.json").read_text())
    locked = {path.rpartition("node_modules/")[2] for path in lock["packages"]}
    assert optional_node_packages(lock) <= locked
    assert not [path for path, entry in lock["packages"].items() if "resolved" in entry]
