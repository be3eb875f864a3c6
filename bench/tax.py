"""Tax on the test: how much longer a run takes because it can be watched, or is."""

from __future__ import annotations

import statistics
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

from bench.figures import Row
from bench.receivers import crowd
from tests.served import Served

LEAD_MS = 3000
"""The first step waits so long, for the viewers to come; it is not counted."""
STEPS = 30


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
    """The four cases in turns.

    Args:
        on: a server that streams.
        off: one with `ENABLE_STREAMING=false`.
    """
    cases = (("streaming off", off, 0), ("on, unwatched", on, 0), ("watched by one", on, 1), ("watched by ten", on, 10))
    walls: dict[str, list[float]] = {name: [] for name, _, _ in cases}
    for _ in range(times):
        for name, served, viewers in cases:
            walls[name].append(await _wall(served, viewers))
    base = statistics.median(walls["streaming off"])
    return [
        {
            "case": name,
            "medianSeconds": round(statistics.median(found), 2),
            "taxPercent": round((statistics.median(found) / base - 1) * 100, 1),
            "runs": len(found),
        }
        for name, found in walls.items()
    ]


async def _wall(served: Served, viewers: int) -> float:
    """Seconds from the end of the lead to the end of the run."""
    waiting = {"type": "wait", "value": LEAD_MS}
    run = await served.create({"url": "/", "steps": [waiting, *steps()]})
    async with AsyncExitStack() as stack:
        if viewers:
            await served.until(run["id"], lambda message: message["type"] == "stream_available")
            some = await stack.enter_async_context(crowd(f"{served.api}/whep/{run['id']}", served.key))
            await some.grow_to(viewers)
        events = await served.until(run["id"], lambda message: message["type"] == "run_finished")
    assert events[-1]["status"] == "passed", events[-1]
    lead = next(event for event in events if event["type"] == "test_step" and event["step"]["status"] == "passed")
    return (_moment(events[-1]) - _moment(lead)).total_seconds()


def _moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])
