"""The formats that a run can be exported in."""

from __future__ import annotations

from typing import Final

from runner.export.patch import export_patch
from runner.export.port import Exporter, by_format
from runner.export.pytest import export
from runner.export.typescript import export_typescript
from runner.export.yaml_file import export_yaml

EXPORTER: Final[Exporter] = by_format(
    {"pytest": export, "typescript": export_typescript, "yaml": export_yaml, "patch": export_patch}
)
"""Writes a run in each format that there is."""
