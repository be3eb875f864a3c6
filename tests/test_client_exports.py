"""What `jumpseat` exports: the client and its errors, documented, and loaded only when they are used."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import jumpseat
from jumpseat import Client, ClientError, TryLater
from jumpseat.client_errors import refusal

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "client.md"
HEAVY = {"aiortc", "av", "livekit", "numpy", "playwright", "runner", "sqlalchemy", "typer"}


def _below(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _below(child))]


def test_retry_after_is_in_seconds() -> None:
    busy = refusal(503, {"detail": "no room", "code": "busy"}, retry_after="10")
    assert isinstance(busy, TryLater)
    assert (busy.retry_after, busy.code, str(busy)) == (10, "busy", "no room")
    assert refusal(429, {}, retry_after="Wed, 21 Oct 2026 07:28:00 GMT").retry_after is None


def test_every_public_method_and_error_is_documented() -> None:
    text = DOCUMENT.read_text()
    methods = {name for name in vars(Client) if not name.startswith("_")}
    errors = {kind.__name__ for kind in _below(ClientError)}
    named = set(re.findall(r"`(\w+)(?:\(|`)", text))
    assert methods | errors <= named


def test_all_errors_can_be_imported_from_the_package() -> None:
    assert {kind.__name__ for kind in _below(ClientError)} <= set(jumpseat.__all__)


@pytest.mark.process
@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [("import jumpseat", HEAVY | {"aiohttp", "pydantic"}), ("from jumpseat import Client", HEAVY)],
)
def test_importing_it_loads_little(statement: str, unwanted: set[str]) -> None:
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not unwanted & set(loaded.split())
