"""Bad input to the server as users run it, with a real browser: it goes on, and holds no more than before."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter

import pytest

from tests.fuzz import sdp, values
from tests.fuzz.example_budget import dice, rounds
from tests.fuzz.resource_census import descriptors
from tests.processes import started_by
from tests.served import WAIT_SECONDS, Served, served

pytestmark = pytest.mark.process

MESSAGES = [json.dumps({"type": "ping", "id": "a"}), *(each for each in values.HARD if len(each) < 20_000)]


def holds(server: Served) -> Counter[str]:
    """Open sockets and files, threads, and processes that came from it."""
    process = server.process.pid
    found = Counter(descriptors(process))
    found["threads"] = len(os.listdir(f"/proc/{process}/task"))
    found["processes"] = len(started_by(process))
    return found


async def settles(server: Served, before: Counter[str], *, few: int) -> dict[str, int]:
    """What it holds more than a few of beyond what it did, once connections have had the time to end.

    Pools of threads and of database connections grow when two need one at the same time, and keep what they have.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + WAIT_SECONDS
    while (more := beyond(holds(server), before, few)) and loop.time() < end:  # noqa: ASYNC110 - another process tells nothing
        await asyncio.sleep(0.2)
    return more


def beyond(now: Counter[str], before: Counter[str], few: int) -> dict[str, int]:
    return {what: count for what, count in (now - before).items() if count > few}


async def attack(server: Served, run_id: str, times: int) -> Counter[int]:
    """The statuses that came back."""
    luck, statuses = dice("process"), Counter[int]()
    offers = sdp.corpus()
    for number in rounds(times):
        text = sdp.mutant(luck, luck.choice(offers)).encode("utf-8", "replace")
        headers = {"Content-Type": "application/sdp"}
        async with server.http.post(f"{server.api}/whep/{run_id}", data=text, headers=headers) as answer:
            statuses[answer.status] += 1
            if answer.status == 201:
                await (await server.http.delete(server.api + answer.headers["Location"])).release()
        message = MESSAGES[number % len(MESSAGES)]
        data = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
        headers = {"Content-Type": "application/json"}
        url = f"{server.api}/api/tests/{run_id}/commands"
        async with server.http.post(url, data=data, headers=headers) as answer:
            statuses[answer.status] += 1
    return statuses


async def test_a_served_run_outlives_what_is_thrown_at_it() -> None:
    async with served() as server:
        run_id = await server.start_watchable("/", seconds=300)
        await attack(server, run_id, 20)  # pools and caches fill
        before = await calm(server)
        statuses = await attack(server, run_id, 60)
        assert statuses[201]
        assert {status for status in statuses if status >= 500} == set()
        few = statuses[201] // 2  # what each session leaves behind is twice as much
        assert not await settles(server, before, few=few)
        assert (await server.get(f"/api/tests/{run_id}"))["status"] in {"running", "paused"}
        await server.cancel(run_id)


async def calm(server: Served) -> Counter[str]:
    """What it holds when nothing ends any more."""
    seen = holds(server)
    for _ in range(20):
        await asyncio.sleep(0.5)
        if (now := holds(server)) == seen:
            return now
        seen = now
    return seen
