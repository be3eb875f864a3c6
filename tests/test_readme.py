"""The README tells the truth about the settings."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumpseat.settings import Settings, environment_name

ROOT = Path(__file__).parent.parent
WORDS = {"unset", "none", "any", "found", "derived", "same origin", "host addresses", "random at start"}
"""What the table says where a setting has no value of its own."""
ELSEWHERE = {"user data dir", "SQLite in it"}
"""Defaults that differ from machine to machine."""


def rows() -> Iterator[tuple[list[str], list[str]]]:
    """The names and the defaults of each row; one default may stand for all names of its row."""
    section = (ROOT / "README.md").read_text().split("## Settings", 1)[1].split("\n## ", 1)[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            _, names, defaults, *_ = line.split("|")
            yield re.findall(r"`([A-Z_]+)`", names), [default.strip() for default in defaults.split(",")]


def documented() -> dict[str, str]:
    """The default that is documented for each environment variable."""
    found: dict[str, str] = {}
    for names, defaults in rows():
        found |= dict(zip(names, defaults * len(names) if len(defaults) == 1 else defaults, strict=True))
    return found


FIELDS = {environment_name(field): field for field in Settings.model_fields}


def test_the_settings_table_names_all_settings() -> None:
    assert documented().keys() == FIELDS.keys()


@pytest.mark.parametrize(("name", "documented"), documented().items())
def test_a_documented_default_is_the_default(
    name: str, documented: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A default that is given as a value is set by that value in the environment."""
    monkeypatch.chdir(tmp_path)
    for other in FIELDS:
        monkeypatch.delenv(other, raising=False)
    default = getattr(Settings(), FIELDS[name])
    value = re.match(r"`(.+?)`", documented)
    if value is None:
        assert documented in ELSEWHERE or (documented in WORDS and not default)
        return
    monkeypatch.setenv(name, value[1])
    assert getattr(Settings(), FIELDS[name]) == default
    assert default not in (None, (), {})
