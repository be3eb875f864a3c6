"""Tax on the test: how much longer a run takes because it can be watched, is watched, or is written down."""

from __future__ import annotations

import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bench.figures import Row
from bench.receivers import crowd
from tests.served import Served

LEAD_MS = 3000
"""The first step waits so long, for the viewers to come; it is not counted."""
STEPS = 30


@dataclass(frozen=True, slots=True)
class Case:
    """What a run is measured with."""

    name: str
    streams: bool = True
    """False: on a server with `ENABLE_STREAMING=false`."""
    viewers: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    """Fields of the run, besides its address and steps."""


CASES = (
    Case("streaming off", streams=False),
    Case("on, unwatched"),
    Case("unwatched, page not listened to", body={"pageLog": "off"}),
    Case("unwatched, traced", body={"trace": "on-failure"}),
    Case("unwatched, recorded", body={"record": "on"}),
    Case("watched by one", viewers=1),
    Case("watched by ten", viewers=10),
)
"""None but that which says so is traced or recorded. What is traced is not packed: these runs pass."""


def steps() -> list[dict[str, Any]]:
    """What a test does most: fills fields, ticks boxes, presses buttons, looks at texts, on pages that move."""
    name, order = 'input[name="name"]', 'role=button[name="Place order"]'
    add = 'role=button[name="Add to cart"]'
    shopping: list[dict[str, Any]] = [
        {"type": "navigate", "value": "/products/mug"},
        {"type": "expect_visible", "selector": add},
        {"type": "click", "selector": add},
        {"type": "expect_text", "selector": "role=status", "value": "is in your cart"},
        {"type": "navigate", "value": "/checkout"},
        {"type": "type", "selector": name, "value": "Ada Lovelace"},
        {"type": "expect_visible", "selector": order},
        {"type": "scroll", "value": 400},
        {"type": "scroll", "value": -400},
        {"type": "hover", "selector": order},
    ]
    return shopping * (STEPS // len(shopping))


async def tax(on: Served, off: Served, *, times: int) -> list[Row]:
    """All cases in turns, their order turned round each time: none always comes behind the same one.

    Args:
        on: a server that streams.
        off: one with `ENABLE_STREAMING=false`.
        times: how often.
    """
    walls: dict[str, list[float]] = {case.name: [] for case in CASES}
    for turn in range(times):
        for case in CASES if turn % 2 == 0 else reversed(CASES):
            walls[case.name].append(await _wall(on if case.streams else off, case))
    medians = {name: statistics.median(found) for name, found in walls.items()}
    base, unwatched = medians["streaming off"], medians["on, unwatched"]
    return [
        {
            "case": name,
            "medianSeconds": round(median, 2),
            "taxPercent": round((median / base - 1) * 100, 1),
            "overUnwatchedPercent": round((median / unwatched - 1) * 100, 1),
            "runs": times,
        }
        for name, median in medians.items()
    ]


async def _wall(served: Served, case: Case) -> float:
    """Seconds from the end of the lead to the end of the run."""
    waiting = {"type": "wait", "value": LEAD_MS}
    run = await served.create({"url": "/", "steps": [waiting, *steps()], "trace": "off", "record": "off", **case.body})
    async with AsyncExitStack() as stack:
        if case.viewers:
            await served.until(run["id"], lambda message: message["type"] == "stream_available")
            some = await stack.enter_async_context(crowd(f"{served.api}/whep/{run['id']}", served.key))
            await some.grow_to(case.viewers)
        events = await served.until(run["id"], lambda message: message["type"] == "run_finished")
    assert events[-1]["status"] == "passed", events[-1]
    lead = next(event for event in events if event["type"] == "test_step" and event["step"]["status"] == "passed")
    return (_moment(events[-1]) - _moment(lead)).total_seconds()


def _moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])
