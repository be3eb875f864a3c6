"""What somebody without a credential can make the server do: nothing of a body is read, inflated or waited for."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import compression_utils

from signaling.config import Limits
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, CONFIG, WAIT_SECONDS, ServerHarness, auth

MEGABYTE = 1024 * 1024
BUFFERED = 32 * MEGABYTE
"""More than the kernel keeps of one connection at both ends."""
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def head(method: str, path: str, **headers: object) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


async def answer(reader: asyncio.StreamReader) -> str:
    """The head of the next answer."""
    async with asyncio.timeout(WAIT_SECONDS):
        return (await reader.readuntil(b"\r\n\r\n")).decode()


def routes(harness: ServerHarness) -> list[tuple[int, str, str]]:
    """Port, method and path of every route that there is."""
    found = []
    for port, app in (
        (harness.server.port, harness.server.apps.api),
        (harness.server.frame_port, harness.server.apps.frame_server),
    ):
        assert app is not None
        for route in app.router.routes():
            path = re.sub(r"{[^{}]*}", "1", route.resource.canonical if route.resource else "")
            found.append((port, route.method, path))
    return found


class TestContentEncodings:
    async def test_none_is_taken_on_any_route(self, harness: ServerHarness, run: FakeRun) -> None:
        found = routes(harness)
        assert len(found) > 40
        for port, method, path in found:
            for key in (None, ADA):
                headers = auth(key) | {"Content-Encoding": "gzip"}
                url = f"http://127.0.0.1:{port}{path}"
                async with harness.http.request(method, url, headers=headers, data=gzip.compress(b"{}")) as response:
                    assert response.status == 415, (method, path)
                    assert response.content_type == "application/problem+json"
                    assert response.headers["Accept-Encoding"] == "identity"

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x-gzip", "identity, gzip", "GZIP"])
    async def test_however_it_is_named(self, harness: ServerHarness, encoding: str) -> None:
        async with connected(harness.server.port) as (reader, writer):
            writer.write(head("POST", "/api/tests", Content_Encoding=encoding, Content_Length=3) + b"abc")
            assert " 415 " in await answer(reader)

    async def test_nothing_is_inflated(self, harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
        inflated: list[int] = []
        inflate = compression_utils.ZLibDecompressor.decompress_sync

        def noted(self: compression_utils.ZLibDecompressor, data: bytes, max_length: int = 0) -> bytes:
            inflated.append(len(data))
            return inflate(self, data, max_length)

        monkeypatch.setattr(compression_utils.ZLibDecompressor, "decompress_sync", noted)
        bomb = gzip.compress(bytes(64 * MEGABYTE))
        async with connected(harness.server.port) as (reader, writer):
            length = {"Content_Length": len(bomb), "Content_Type": "application/json"}
            writer.write(head("POST", "/api/tests", Content_Encoding="gzip", **length) + bomb)
            assert " 415 " in await answer(reader)
        assert inflated == []

    async def test_a_body_as_it_is_may_say_so(self, harness: ServerHarness) -> None:
        body = {"url": "http://a.test/"}
        assert (await harness.call("POST", "/api/tests", body=body, headers={"Content-Encoding": "identity"}))[0] == 201


class TestBodies:
    @pytest.fixture
    async def harness(self) -> AsyncIterator[ServerHarness]:
        async with ServerHarness(replace(CONFIG, limits=Limits(refused_seconds=0.1))) as harness:
            yield harness

    @pytest.mark.parametrize("key", [None, "wrong"])
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/api/tests"),
            ("POST", "/whep/x"),
            ("POST", "/nothing"),
            ("GET", "/docs"),
            ("GET", "/"),
            ("PUT", "/api/tests"),
        ],
    )
    async def test_the_server_reads_no_more_than_it_needs_to_refuse(
        self, harness: ServerHarness, key: str | None, method: str, path: str
    ) -> None:
        async with connected(harness.server.port) as (reader, writer):
            credential = {"Authorization": f"Bearer {key}"} if key else {}
            writer.write(head(method, path, Content_Length=1024 * MEGABYTE, **credential))
            sent = asyncio.create_task(send_without_end(writer))
            text = await answer(reader)
            assert "connection: close" in text.lower()
            async with asyncio.timeout(WAIT_SECONDS):
                assert await sent < BUFFERED

    async def test_what_comes_in_chunks_is_not_read_either(self, harness: ServerHarness) -> None:
        async with connected(harness.server.port) as (reader, writer):
            writer.write(head("POST", "/api/tests", Transfer_Encoding="chunked"))
            sent = asyncio.create_task(send_without_end(writer, f"{MEGABYTE:x}\r\n".encode(), b"\r\n"))
            assert " 401 " in await answer(reader)
            async with asyncio.timeout(WAIT_SECONDS):
                assert await sent < BUFFERED

    async def test_a_short_one_leaves_the_connection_as_it_is(self, harness: ServerHarness) -> None:
        async with connected(harness.server.port) as (reader, writer):
            for key, status in (("wrong", 401), (ADA, 201)):
                body = b'{"url": "http://a.test/"}'
                credential = {"Authorization": f"Bearer {key}", "Content_Type": "application/json"}
                writer.write(head("POST", "/api/tests", Content_Length=len(body), **credential) + body)
                text = await answer(reader)
                assert f" {status} " in text
                await reader.readexactly(int(re.findall(r"Content-Length: (\d+)", text)[0]))

    async def test_one_is_asked_for_only_once_the_credential_is_right(self, harness: ServerHarness) -> None:
        body = b'{"url": "http://a.test/"}'
        for key, first in (("wrong", "401"), (ADA, "100")):
            async with connected(harness.server.port) as (reader, writer):
                wanted = {"Authorization": f"Bearer {key}", "Content_Type": "application/json"}
                length = {"Content_Length": len(body), "Expect": "100-continue"}
                writer.write(head("POST", "/api/tests", **wanted, **length))
                assert f" {first} " in await answer(reader)
                if first == "100":
                    writer.write(body)
                    assert " 201 " in await answer(reader)

    async def test_one_that_trickles_is_given_up(self) -> None:
        async with (
            ServerHarness(replace(CONFIG, limits=Limits(body_seconds=0.2))) as harness,
            connected(harness.server.port) as (reader, writer),
        ):
            credential = {"Authorization": f"Bearer {ADA}", "Content_Type": "application/json"}
            writer.write(head("POST", "/api/tests", Content_Length=100, **credential) + b"{")
            assert " 408 " in await answer(reader)


async def send_without_end(writer: asyncio.StreamWriter, before: bytes = b"", after: bytes = b"") -> int:
    """How many bytes could be sent before the other side cut the connection."""
    sent = 0
    raw = writer.transport.get_extra_info("socket")
    assert isinstance(raw.family, socket.AddressFamily)
    try:
        while sent < 8 * BUFFERED:
            writer.write(before + bytes(MEGABYTE) + after)
            await writer.drain()
            sent += MEGABYTE
    except ConnectionError:
        pass
    return sent
