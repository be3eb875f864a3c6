"""Builds the player into the wheel and the sdist; `pyproject.toml` names it as hatchling's build hook."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = (20, 19)
"""The least version, as `engines` in `web/package.json` says."""
NEEDED = ("index.html", "player.js", "assets")
"""What a whole build leaves in `web/dist`."""


class PlayerHook(BuildHookInterface[BuilderConfig]):
    """Runs the npm build, unless the sources are an sdist, which holds the built player already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files; ends the build with one sentence where Node is missing."""
        root = Path(self.root)
        if version == "editable":
            return
        if self.target_name == "wheel":
            # `jumpseat doctor` compares with them.
            build_data["force_include"]["constraints.txt"] = "jumpseat/constraints.txt"
        if is_built(root) and ((root / "PKG-INFO").is_file() or not has_node()):
            return
        if not has_node():
            wanted = ".".join(map(str, NODE))
            raise SystemExit(
                f"jumpseat: Node {wanted} or newer with npm is needed to build the player (web/): install it and build "
                "again, or install a built wheel"
            )
        build(root / "web")


def is_built(root: Path) -> bool:
    """Returns whether `web/dist` holds a whole build."""
    return all((root / "web" / "dist" / name).exists() for name in NEEDED)


def has_node() -> bool:
    """Returns whether npm and a Node that is new enough can be run; a version manager's placeholder cannot."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= NODE


def build(web: Path) -> None:
    """Installs the locked npm packages where they are missing, and builds. Ends with npm's output where it fails."""
    npm = shutil.which("npm") or "npm"
    commands = [] if (web / "node_modules").is_dir() else [[npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]]
    for command in [*commands, [npm, "run", "build"]]:
        ended = subprocess.run(
            command, cwd=web, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if ended.returncode:
            what = " ".join(["npm", *command[1:]])
            raise SystemExit(f"{ended.stdout}\njumpseat: the player could not be built: `{what}` in web/ has failed")
