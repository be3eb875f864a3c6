"""The typed client against a server in a process of its own, and against what is no jumpseat server."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from zipfile import is_zipfile

import pytest
import pytest_asyncio
from aiohttp import web

from control.protocol.actions import Action, ActionType
from control.protocol.events import Hello, RunFinished
from control.protocol.models import NewRun, RunStatus
from jumpseat import (
    Client,
    InvalidAddress,
    InvalidRequest,
    Message,
    NotAuthenticated,
    NotPermitted,
    NotThere,
    RequestRefused,
    ServerUnreachable,
    StateConflict,
    UnexpectedAnswer,
)
from tests.served import Served, free_port, served

# The shop that the runs open is served by the fixture's own loop.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.process]

DOCUMENT = Path(__file__).parents[1] / "docs" / "client.md"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Served]:
    async with served(JUMPSEAT_MAX_RUNS="8") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(server: Served) -> AsyncIterator[Client]:
    async with Client(server.api, key=server.key) as client:
        yield client


def waiting(site: str, name: str = "waits") -> NewRun:
    """A run that waits for a minute."""
    return NewRun(
        url=f"{site}/", name=name, steps=(Action(type=ActionType.WAIT, value=60_000),), step_timeout_ms=90_000
    )


async def until(messages: AsyncIterator[Message], type: str) -> Message:
    async for message in messages:
        if message.type == type:
            return message
    raise AssertionError(f"no {type} has come")


async def test_a_run_is_steered_followed_and_read(server: Served, client: Client) -> None:
    run = await client.create(waiting(server.site).model_copy(update={"mode": "review"}))
    messages = client.follow(run.id)
    first = await anext(messages)
    assert isinstance(first.event, Hello)
    assert first.event.run.id == run.id
    await until(messages, "step_proposed")
    assert await client.override(run.id, Action(type=ActionType.CLICK, selector="text=In the cabin >> nth=0"))
    assert (await client.send(run.id, {"type": "ping", "t": 1}))["type"] == "pong"
    await until(messages, "test_step")
    assert await client.cancel(run.id)
    ended = await until(messages, "run_finished")
    assert isinstance(ended.event, RunFinished)
    assert ended.last
    assert ended.at.tzinfo is not None
    assert ended.seq > first.seq
    assert [message async for message in messages] == []
    assert (await client.get(run.id)).status is RunStatus.CANCELLED
    steps = await client.steps(run.id)
    assert [step.step_number for step in steps] == [1]
    assert await client.get_step(run.id, 1) == steps[0]
    assert (await client.spec(run.id))["name"] == "waits"


async def test_instructions_are_checked_before_a_run_is_made(client: Client) -> None:
    (problem,) = await client.check_instructions("Go back\nClik it")
    assert (problem.line, problem.sentence) == (2, "Clik it")
    assert await client.check_instructions("Clik it", planner="model") == []


async def test_pause_step_and_resume_give_the_status(server: Served, client: Client) -> None:
    run = await client.create(waiting(server.site))
    await until(client.follow(run.id), "test_step")
    assert await client.pause(run.id) in {RunStatus.RUNNING, RunStatus.PAUSED}
    assert await client.update_instructions(run.id, "Click 'In the cabin'")
    assert await client.resume(run.id)
    assert (await client.stream(run.id)).whep_url.endswith(f"/whep/{run.id}")
    with pytest.raises(StateConflict):
        await client.delete(run.id)
    await client.cancel(run.id)


async def test_runs_are_listed_by_page_and_status_and_removed(server: Served, client: Client) -> None:
    made = []
    for name in ("one", "two"):
        run = await client.create({"url": f"{server.site}/", "name": name})
        await until(client.follow(run.id), "run_finished")
        made.append(run.id)
    newest = await client.list_runs(limit=1, status="passed")
    assert [run.id for run in newest.runs] == made[:0:-1]
    older = await client.list_runs(limit=1, status=RunStatus.PASSED, cursor=newest.next_cursor)
    assert [run.id for run in older.runs] == made[:1]
    assert [run.id for run in (await client.list_runs(q="TWO")).runs] == made[1:]
    assert (await client.list_runs(session="of nobody")).runs == ()
    assert "def test_" in await client.export(made[0])
    await client.delete(made[0])
    with pytest.raises(NotThere):
        await client.get(made[0])


async def test_a_link_works_until_it_is_revoked(server: Served, client: Client) -> None:
    run = await client.create(waiting(server.site))
    link = await client.share(run.id, role="viewer", ttl_seconds=600)
    assert link.token in link.watch_url
    async with Client(link.watch_url) as viewer:
        assert (await viewer.get(run.id)).id == run.id
        with pytest.raises(NotPermitted):
            await viewer.cancel(run.id)
        (listed,) = await client.share_links(run.id)
        assert (listed.id, listed.expires_at) == (link.id, link.expires_at)
        assert listed.last_seen_at is not None
        await client.revoke(run.id, link.id)
        assert await client.share_links(run.id) == []
        noted = await client.audit(run.id)
        assert [(entry.action, entry.detail) for entry in noted] == [
            ("created", None),
            ("shared", link.id),
            ("revoked", link.id),
        ]
        assert noted == [entry for entry in await client.audit() if entry.run_id == run.id]
        with pytest.raises(NotAuthenticated):
            await viewer.get(run.id)
        with pytest.raises(NotAuthenticated):
            await anext(viewer.follow(run.id))
    await client.cancel(run.id)


async def test_a_screenshot_is_a_jpeg(server: Served, client: Client) -> None:
    run = await client.create({"url": f"{server.site}/", "steps": [{"type": "expect_url", "value": "/"}]})
    await until(client.follow(run.id), "run_finished")
    assert (await client.screenshot(run.id, 1)).startswith(b"\xff\xd8")
    with pytest.raises(NotThere):
        await client.screenshot(run.id, 2)


async def test_trace_and_recording_are_saved_as_files(server: Served, client: Client, tmp_path: Path) -> None:
    steps = (Action(type=ActionType.WAIT, value=1500),)
    run = await client.create(NewRun(url=f"{server.site}/", steps=steps, trace="on", record="on"))
    await until(client.follow(run.id), "run_finished")
    await client.trace(run.id, tmp_path / "trace.zip")
    assert is_zipfile(tmp_path / "trace.zip")
    await client.recording(run.id, str(tmp_path / "run.mp4"))
    assert (tmp_path / "run.mp4").read_bytes()[4:8] == b"ftyp"
    with pytest.raises(FileNotFoundError):
        await client.trace(run.id, tmp_path / "no folder" / "trace.zip")


async def test_a_file_that_is_not_there_leaves_none_behind(server: Served, client: Client, tmp_path: Path) -> None:
    run = await client.create(NewRun(url=f"{server.site}/", trace="off"))
    await until(client.follow(run.id), "run_finished")
    with pytest.raises(NotThere, match="was not traced"):
        await client.trace(run.id, tmp_path / "trace.zip")
    assert os.listdir(tmp_path) == []


async def test_following_goes_on_from_a_number(server: Served, client: Client) -> None:
    run = await client.create({"url": f"{server.site}/"})
    await until(client.follow(run.id), "run_finished")
    everything = [message async for message in client.follow(run.id, since=0)]
    known = everything[len(everything) // 2].seq
    assert [message.seq for message in everything if message.seq > known] == [
        message.seq async for message in client.follow(run.id, since=known)
    ]


async def test_what_is_wrong_with_a_request_is_named(client: Client) -> None:
    with pytest.raises(InvalidRequest, match="url") as refused:
        await client.create({"url": "nowhere"})
    assert refused.value.status == 422
    assert refused.value.code == "invalid"
    assert refused.value.errors[0]["field"] == "url"


async def test_an_address_that_is_none_is_named_without_its_key() -> None:
    with pytest.raises(InvalidAddress, match="ftp://there") as refused:
        Client("ftp://there?token=secret")
    assert "secret" not in str(refused.value)


@pytest.mark.process
async def test_nobody_there() -> None:
    async with Client(f"http://127.0.0.1:{free_port()}", reconnects=0) as client:
        with pytest.raises(ServerUnreachable, match="jumpseat serve"):
            await client.get("r")
        with pytest.raises(ServerUnreachable):
            await anext(client.follow("r"))


@pytest.mark.process
async def test_a_server_of_another_kind() -> None:
    app = web.Application()

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="welcome", status=502 if request.method == "POST" else 200)

    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with Client(f"http://127.0.0.1:{port}") as client:
            with pytest.raises(UnexpectedAnswer):
                await client.get("r")
            with pytest.raises(RequestRefused, match="502"):
                await client.cancel("r")
    finally:
        await runner.cleanup()


async def test_the_example_of_the_document_works(server: Served, tmp_path: Path) -> None:
    examples = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.M | re.S)
    assert len(examples) == 1
    script = tmp_path / "example.py"
    text = examples[0].replace("http://127.0.0.1:3001", server.api).replace("https://shop.example", server.site)
    script.write_text(text.replace('"KEY"', repr(server.key)))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script)), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert "passed None" in out.decode()
    assert "def test_" in out.decode()
