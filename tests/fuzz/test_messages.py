"""Every control message, and much that is none, through every door: an answer, or an error that says what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from hypothesis import given

from control.errors import ProtocolError
from control.protocol import commands as c
from tests.fuzz import values
from tests.fuzz.command_channels import (
    EndlessRun,
    Exchange,
    as_bytes,
    by_channel,
    by_livekit,
    by_rest,
    by_socket,
)
from tests.fuzz.example_budget import inputs
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ServerHarness

Opens = Callable[[ServerHarness, FakeRun], AbstractAsyncContextManager[Exchange]]
DOORS = pytest.mark.parametrize("door", [by_socket, by_channel, by_livekit, by_rest], indirect=True)
WORDS = {"invalid", "too_large", "conflict", "not_found", "forbidden", "not_holder", "control_held", "unsupported"}


@pytest.fixture
async def door(request: pytest.FixtureRequest, harness: ServerHarness, run: EndlessRun) -> AsyncIterator[Exchange]:
    opens: Opens = request.param
    async with opens(harness, run) as exchange:
        yield exchange


def understood(message: str | bytes) -> c.Command | None:
    try:
        return c.parse(as_bytes(message))
    except ProtocolError:
        return None


def check(message: str | bytes, came: list[dict[str, Any]]) -> None:
    """What a client may rely on."""
    errors = [each for each in came if each["type"] == "error"]
    assert all(each["code"] in WORDS and each["message"].strip() for each in errors)
    command = understood(message)
    if command is None:
        assert len(errors) == 1
        assert errors[0]["code"] in {"invalid", "too_large"}
    elif command.id is not None:
        assert [each for each in came if each.get("id") == command.id] or errors


@DOORS
@inputs(150)
@given(values.TEXTS)
async def test_any_text_is_answered(door: Exchange, message: str) -> None:
    check(message, await door(message))


@DOORS
@inputs(60)
@given(values.BYTES)
async def test_any_bytes_are_answered(door: Exchange, message: bytes) -> None:
    check(message, await door(message))


@DOORS
async def test_what_is_known_to_be_hard_is_answered(door: Exchange) -> None:
    for message in values.HARD:
        check(message, await door(message))
