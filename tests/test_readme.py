"""The README tells the truth about the settings."""

import re
from pathlib import Path

from jumpseat.settings import Settings, environment_name

ROOT = Path(__file__).parent.parent


def documented() -> set[str]:
    section = (ROOT / "README.md").read_text().split("## Settings", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_the_settings_table_equals_settings() -> None:
    assert documented() == {environment_name(field) for field in Settings.model_fields}
