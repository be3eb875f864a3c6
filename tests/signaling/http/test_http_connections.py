"""Connections on which nothing happens: they end in time, and there is always room for one more."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from signaling.access.proxies import TrustedProxies
from signaling.config import Limits, Network
from signaling.http.http_connections import ConnectionQuota, HttpConnections
from signaling.http.listener import Listener
from signaling.metrics import Metrics
from signaling.sockets import listen_on
from tests.certificates import self_signed
from tests.signaling.http.test_strangers import answer, connected, head
from tests.signaling.server_harness import ADA, CONFIG, WAIT_SECONDS, ServerHarness, auth

HASTY = Limits(header_seconds=1, answer_seconds=1, idle_seconds=1, proxy_idle_seconds=3600)


@pytest.fixture
async def hasty() -> AsyncIterator[ServerHarness]:
    async with ServerHarness(replace(CONFIG, limits=HASTY)) as harness:
        yield harness


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server ends the connection."""
    found = b""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while chunk := await reader.read(65536):
                found += chunk
    except ConnectionResetError:
        pass
    return found


def tls(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*self_signed(folder))
    return context


def cut(harness: ServerHarness, reason: str) -> float:
    value = harness.server.apps.metrics.registry.get_sample_value
    return value("jumpseat_connections_cut_total", {"reason": reason}) or 0.0


class TestDeadlines:
    async def test_one_that_is_silent_ends(self, hasty: ServerHarness) -> None:
        async with connected(hasty.server.port) as (reader, _):
            assert await ended(reader) == b""
        assert cut(hasty, "silent") == 1

    async def test_a_head_that_trickles_ends(self, hasty: ServerHarness) -> None:
        async with connected(hasty.server.port) as (reader, writer):
            trickling = asyncio.create_task(trickle(writer, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: "))
            assert await ended(reader) == b""
            await trickling

    async def test_the_head_of_a_second_request_has_a_deadline_too(self) -> None:
        limits = HASTY.model_copy(update={"idle_seconds": 3600})
        async with (
            ServerHarness(replace(CONFIG, limits=limits)) as harness,
            connected(harness.server.port) as (reader, writer),
        ):
            writer.write(head("GET", "/healthz"))
            assert " 200 " in await answer(reader)
            writer.write(b"GET /healthz HTTP/1.1\r\n")
            await ended(reader)
            assert cut(harness, "slow") == 1

    async def test_one_that_stays_open_after_an_answer_ends(self, hasty: ServerHarness) -> None:
        async with connected(hasty.server.port) as (reader, writer):
            writer.write(head("GET", "/healthz"))
            assert b" 200 " in await ended(reader)
        assert cut(hasty, "idle") == 1

    async def test_somebody_unknown_who_does_not_take_the_answer_is_cut(self, tmp_path: Path) -> None:
        (tmp_path / "player.js").write_bytes(bytes(64 * 1024 * 1024))
        config = replace(CONFIG, limits=HASTY)
        async with ServerHarness(config, dist=tmp_path) as harness, connected(harness.server.port) as (_, writer):
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(head("GET", "/player.js"))
            await until(lambda: cut(harness, "slow") == 1)

    async def test_a_proxys_connections_stay(self) -> None:
        proxies: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.0/8"),)
        config = replace(CONFIG, limits=HASTY, trusted_proxies=proxies)
        async with ServerHarness(config) as harness, connected(harness.server.port) as (reader, writer):
            writer.write(head("GET", "/healthz"))
            await answer(reader)
            async with connected(harness.server.port) as (silent, _):
                await ended(silent)
            writer.write(head("GET", "/healthz"))
            assert " 200 " in (await ended_or_answer(reader))

    async def test_what_a_known_person_has_open_is_never_cut(self, hasty: ServerHarness) -> None:
        run = await hasty.new_run()
        stream = f"{hasty.frames_url}/stream/{run.id}"
        newest = run.latest.newest
        assert newest is not None
        async with (
            hasty.socket(run) as control,
            hasty.http.get(f"{stream}.mjpeg", headers=auth(ADA)) as mjpeg,
        ):
            poll = asyncio.create_task(hasty.http.get(f"{stream}?after={newest.seq}", headers=auth(ADA)))
            await run.until(lambda: newest.seq in run.waited)
            for _ in range(3):
                async with connected(hasty.server.port) as (silent, _writer):
                    await ended(silent)
            assert (await control.ask(type="ping", id="1"))["type"] == "pong"
            assert not poll.done()
            assert await mjpeg.content.read(8) == b"--frame\r"
            poll.cancel()

    async def test_a_handshake_that_never_comes_ends(self, tmp_path: Path) -> None:
        context = tls(tmp_path)
        async with (
            ServerHarness(replace(CONFIG, limits=HASTY, tls=context)) as harness,
            connected(harness.server.port) as (reader, _),
        ):
            assert await ended(reader) == b""


async def trickle(writer: asyncio.StreamWriter, text: bytes) -> None:
    try:
        while True:
            writer.write(text)
            await writer.drain()
            text = b"x"
            await asyncio.sleep(0.02)  # that is the attack
    except ConnectionError:
        pass


async def ended_or_answer(reader: asyncio.StreamReader) -> str:
    await reader.readuntil(b"}")  # the first answer's body
    return await answer(reader)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - figures send no events
            await asyncio.sleep(0.01)


class TestRoom:
    async def test_the_one_that_has_waited_longest_makes_room(self) -> None:
        limits = Limits(max_http_connections=100, max_http_connections_per_address=3)
        async with ServerHarness(replace(CONFIG, limits=limits)) as harness, AsyncExitStack() as stack:
            waiting = [await stack.enter_async_context(connected(harness.server.port)) for _ in range(3)]
            reader, writer = waiting[0]
            writer.write(head("GET", "/healthz"))
            await answer(reader)  # from now on the second has waited longest
            await stack.enter_async_context(connected(harness.server.frame_port))
            await ended(waiting[1][0])
            assert cut(harness, "crowded") == 1
            writer.write(head("GET", "/healthz"))
            await reader.readuntil(b"}")
            assert " 200 " in await answer(reader)

    async def test_whoever_is_known_is_neither_counted_nor_cut(self) -> None:
        limits = Limits(max_http_connections=12, max_http_connections_per_address=2)
        async with ServerHarness(replace(CONFIG, limits=limits)) as harness, AsyncExitStack() as stack:
            run = await harness.new_run()
            sockets = [await stack.enter_async_context(harness.socket(run)) for _ in range(8)]
            strangers = [await stack.enter_async_context(connected(harness.server.port)) for _ in range(20)]
            for reader, _ in strangers[:18]:
                await ended(reader)
            for number, each in enumerate(sockets):
                assert (await each.ask(type="ping", id=str(number)))["type"] == "pong"
            assert (await harness.call("GET", "/api/tests"))[0] == 200

    async def test_beyond_all_there_may_be_nobody_is_let_in(self) -> None:
        limits = Limits(max_http_connections=4, max_http_connections_per_address=2)
        async with ServerHarness(replace(CONFIG, limits=limits)) as harness, AsyncExitStack() as stack:
            run = await harness.new_run()
            for _ in range(4):
                await stack.enter_async_context(harness.socket(run))
            async with connected(harness.server.port) as (reader, _):
                assert await ended(reader) == b""
            assert cut(harness, "refused") == 1
            assert harness.server.apps.metrics.registry.get_sample_value("jumpseat_http_connections") == 4

    async def test_handshakes_that_never_come_count(self, tmp_path: Path) -> None:
        context = tls(tmp_path)
        limits = Limits(max_http_connections=100, max_http_connections_per_address=3)
        async with ServerHarness(replace(CONFIG, limits=limits, tls=context)) as harness, AsyncExitStack() as stack:
            waiting = [await stack.enter_async_context(connected(harness.server.port)) for _ in range(5)]
            for reader, _ in waiting[:2]:
                await ended(reader)
            assert cut(harness, "crowded") == 2

    def test_half_of_the_descriptors_are_left_to_others(self) -> None:
        assert ConnectionQuota.of(Limits(), 1024) == ConnectionQuota(512, 256)
        assert ConnectionQuota.of(Limits(), 65_536) == ConnectionQuota(4096, 512)
        assert ConnectionQuota.of(Limits(max_http_connections=6), 65_536) == ConnectionQuota(6, 3)


@asynccontextmanager
async def listening(metrics: Metrics) -> AsyncIterator[None]:
    """A listener for four connections, which does nothing with them."""
    clients = HttpConnections(ConnectionQuota(4, 2), Limits(), metrics)
    listener = Listener(
        asyncio.Protocol, clients, proxies=TrustedProxies(), tls=None, handshake_seconds=1, metrics=metrics
    )
    listener.serve(listen_on("127.0.0.1", 0))
    yield
    await listener.aclose()


async def test_what_the_system_refuses_is_counted_and_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    tried = asyncio.Event()
    refusals = iter([errno.EMFILE] * 3 + [errno.ECONNABORTED])
    accept = loop.sock_accept

    async def accept_or_not(listening: socket.socket) -> tuple[socket.socket, object]:
        for number in refusals:
            raise OSError(number, "no room")
        tried.set()
        return await accept(listening)

    monkeypatch.setattr(loop, "sock_accept", accept_or_not)
    monkeypatch.setattr("signaling.http.listener._RETRY_SECONDS", 0.001)
    metrics = Metrics()
    async with listening(metrics), asyncio.timeout(WAIT_SECONDS):
        await tried.wait()
    value = metrics.registry.get_sample_value
    assert value("jumpseat_accept_errors_total", {"error": "EMFILE"}) == 3
    assert value("jumpseat_accept_errors_total", {"error": "ECONNABORTED"}) == 1
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_nothing_is_tried_again_at_once_while_the_system_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: socket.socket) -> tuple[socket.socket, object]:
        raise OSError(errno.EMFILE, "no room")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", refuse)
    metrics = Metrics()
    async with listening(metrics):
        for _ in range(100):
            await asyncio.sleep(0)
    assert metrics.registry.get_sample_value("jumpseat_accept_errors_total", {"error": "EMFILE"}) == 1
