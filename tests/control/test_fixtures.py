"""The fixtures that the player's store is tested with are messages that this server could send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter

from control.protocol.events import Event, Reply, envelope

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures" / "events").glob("*.json"))
SERVER_MESSAGE: TypeAdapter[Event | Reply] = TypeAdapter(Annotated[Event | Reply, Field(discriminator="type")])
EVENT_TYPES = {kind.model_fields["type"].default for kind in Event.__args__}


def load(path: Path) -> dict[str, Any]:
    fixture = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(fixture, dict)
    return fixture


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_every_message_is_exactly_one_of_ours(path: Path) -> None:
    fixture = load(path)
    assert fixture["name"]
    assert isinstance(fixture["expected"], dict)
    for message in fixture["messages"]:
        body = SERVER_MESSAGE.validate_python(message)
        assert message == envelope(body, run_id=message["runId"], seq=message["seq"], at=message["at"])


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_its_events_are_in_order(path: Path) -> None:
    numbers = [message["seq"] for message in load(path)["messages"]]
    assert numbers == sorted(numbers)


def test_every_event_type_is_in_some_fixture() -> None:
    published = {message["type"] for path in FIXTURES for message in load(path)["messages"]}
    assert published >= EVENT_TYPES
