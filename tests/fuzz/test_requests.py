"""Addresses, queries and headers that nobody means, to a real server: never a 5xx, a traceback, or another's file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.fuzz.command_channels import UNLIMITED_CONFIG, endless_run
from tests.fuzz.example_budget import dice, rounds
from tests.fuzz.registry_server import registry_server
from tests.fuzz.resource_census import no_traceback, nothing_left
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, WAIT_SECONDS, ServerHarness, auth

SECRET = "what lies beside the pages"
ODD = (
    "", "0", "-1", "1", "00000000000000019999", "000000001" + "9" * 5000, "9" * 5000, "1e3", "nan", "0x10", "\u0661",
    " 1", "1 ", "+1", "1.5", "true", "null", "[]", "%00", "%", "%zz", "%ed%a0%80", "%ff", "\u20ac", "a" * 5000, "'",
    "../..", "MTIuYQ", "MTIu", "LQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LmE", "\U0001f9ea", "a=b", "1&limit=2", "#",
)  # fmt: skip
"""Some are percent-encoded once more on their way, some are not."""
PATHS = (
    "/assets/..%2fsecret.js", "/assets/%2e%2e/secret.js", "/assets/..", "/assets/.", "/assets/%00", "/assets/a%00.js",
    "/assets/" + "a" * 300, "/assets/" + "a" * 5000, "/assets/%ff", "/assets/%ed%a0%80", "/assets/", "/assets//a.js",
    "/assets/..%5csecret.js", "/assets/%252e%252e%252fsecret.js", "/../secret.js", "/%2e%2e/secret.js", "//secret.js",
    "/player..%2fsecret.js", "/player/../secret.js", "/player%2f..%2fsecret.js", "/player.js%00", "/player" + "a" * 300
    + ".js", "/player.js/", "/player\u00e9.js", "/favicon.ico/..", "/runs/", "/runs/%00", "/runs/..%2f..", "/runs/" +
    "r" * 5000, "/api/tests/%00", "/api/tests/%ed%a0%80", "/api/tests/..", "/api/tests/" + "t" * 5000, "/stream/%00",
    "/stream/.mjpeg", "/stream/%00.mjpeg", "/whep/%00", "/whep/a/b/c", "/ws/test-control", "/ws/test-control?runId=%00",
    "/ws/test-control?runId=a&since=9", "/healthz/", "/nothing", "/%", "/%zz", "/\u20ac", "*", "/?" + "q" * 5000,
)  # fmt: skip
HEADERS = {
    "Range": ("bytes=0-0", "bytes=-1", "bytes=9-1", "bytes=0-" + "9" * 400, "bytes=a-b", "lines=1-2", "bytes=0-1,3-4"),
    "If-None-Match": ("*", '"', "W/", '"a", "b"', 'W/"x"', "a" * 5000, "\u00e9"),
    "If-Match": ("*", "", '"', "a" * 5000),
    "If-Range": ("*", '"a"', "Wed, 21 Oct 2015 07:28:00 GMT", "yesterday"),
    "If-Modified-Since": ("yesterday", "Wed, 99 Foo 99999 99:99:99 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", "0"),
    "Host": ("[", "]", "[::1", "a@b", "a b", "127.0.0.1:999999", "", "x" * 5000, "evil; script-src *", "localhost:"),
    "Origin": ("null", "http://[", "://", "http://localhost:99999", "file://", "x" * 5000),
    "Authorization": (
        "Bearer",
        "Bearer \u00e9",
        "Basic \xff",
        "Bearer " + "x" * 5000,
        "Bearer a.b.c",
        "bearer ey.ey.ey",
    ),
    "Accept": ("", "a/b;q=x", "*" * 5000),
    "Content-Type": ("", "/", "application/json; charset=utf-7", "application/json;;;", "x" * 5000, "a/b; c=\xff"),
    "Cookie": ("=", "a" * 5000, "a=\x01"),
    "Connection": ("Upgrade", "close, close", "keep-alive, Upgrade"),
    "Upgrade": ("websocket", "h2c", "\x01"),
    "Sec-WebSocket-Version": ("13", "0", "a"),
    "Sec-WebSocket-Key": ("", "a", "AAAAAAAAAAAAAAAAAAAAAA=="),
    "X-Forwarded-For": ("::", "a", "127.0.0.1, " * 500),
    "X-Forwarded-Host": ("[", "evil", ""),
    "X-Forwarded-Proto": ("javascript", "https", ""),
    "Forwarded": ("for=_", 'for="[::', "host=["),
    "Expect": ("100-continue", "200-ok"),
    "Access-Control-Request-Method": ("PATCH", "", "\x7f"),
    "X" * 9000: ("a",),
    "X-Many": ("a" * 20_000,),
}
BODIES: tuple[tuple[bool, bytes, bytes], ...] = (
    (False, b"Content-Length: 5\r\n", b"{}"),
    (True, b"Content-Length: 2\r\n", b"{}{}{}"),
    (True, b"Content-Length: -1\r\n", b"{}"),
    (False, b"Content-Length: 99999999999999999999\r\n", b"{}"),
    (True, b"Content-Length: a\r\n", b"{}"),
    (True, b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"),
    (True, b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    (True, b"Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n"),
    (False, b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffff\r\n{}"),
    (False, b"Transfer-Encoding: chunked\r\n", b"2\r\n{}"),
    (True, b"Transfer-Encoding: chunked\r\n", b"-1\r\n\r\n"),
    (True, b"Transfer-Encoding: gzip, chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    (False, b"Transfer-Encoding: \xff\r\n", b""),
    (True, b"Content-Encoding: gzip\r\nContent-Length: 4\r\n", b"\x1f\x8b\x00\x00"),
    (True, b"Content-Encoding: deflate\r\nContent-Length: 4\r\n", b"\xff\xff\xff\xff"),
    (True, b"Content-Encoding: br\r\nContent-Length: 4\r\n", b"\xff\xff\xff\xff"),
)
"""Whether the server can tell that this is all, headers, and what follows in place of what they promise."""


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    pages = tmp_path / "dist"
    (pages / "assets").mkdir(parents=True)
    for place in (tmp_path / "secret.js", pages / "secret.js"):
        place.write_text(SECRET)
    for name in ("index.html", "player.js", "assets/a.js"):
        (pages / name).write_text("a page")
    return pages


@pytest.fixture
async def harness(dist: Path) -> AsyncIterator[ServerHarness]:
    with no_traceback():
        async with nothing_left(), ServerHarness(UNLIMITED_CONFIG, dist=dist) as harness:
            yield harness


@pytest.fixture
def run(harness: ServerHarness, tmp_path: Path) -> FakeRun:
    run = endless_run(harness)
    picture = tmp_path / "step.jpg"
    picture.write_bytes(b"\xff\xd8" + bytes(1000))
    run.pictures[(1, False)] = picture
    return run


async def speak(port: int, data: bytes, *, wait: bool = True) -> bytes:
    """What the server answers to these very bytes; without ``wait`` the client has gone by then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        if not wait:
            writer.write_eof()
        async with asyncio.timeout(WAIT_SECONDS):
            return await reader.read(65536)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def check(answer: bytes) -> None:
    assert b"Traceback" not in answer
    assert SECRET.encode() not in answer
    if answer:
        status = int(answer.split(b" ", 2)[1])
        assert status < 500, answer[:500]


def request(method: str, target: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass")


def headers(harness: ServerHarness) -> dict[str, str]:
    return {"Host": f"127.0.0.1:{harness.server.port}", "Authorization": f"Bearer {ADA}", "Connection": "close"}


async def test_odd_paths_lead_nowhere(harness: ServerHarness, run: FakeRun) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PATCH", "PUT", "TRACE", "CONNECT", "BREW", "\u00e9"):
        for path in PATHS:
            check(await speak(harness.server.port, request(method, path, headers(harness))))


async def test_odd_queries_of_lists_are_refused_in_words(tmp_path: Path) -> None:
    """On the real registry, which reads cursors."""
    with no_traceback():
        async with nothing_left(), registry_server(tmp_path / "data") as harness:
            for name in ("limit", "cursor", "status", "token"):
                await ask_oddly(harness, harness.server.port, "/api/tests", name)


async def ask_oddly(harness: ServerHarness, port: int, path: str, name: str) -> None:
    mark = "&" if "?" in path else "?"
    for value in ODD:
        for text in (quote(value, safe="%"), quote(value, safe="")):
            check(await speak(port, request("GET", f"{path}{mark}{name}={text}", headers(harness))))


async def test_odd_queries_are_refused_in_words(harness: ServerHarness, run: FakeRun) -> None:
    places = [
        (harness.server.port, f"/api/tests/{run.id}", ("client", "token")),
        (harness.server.port, f"/api/tests/{run.id}/export", ("format",)),
        (harness.server.port, f"/api/tests/{run.id}/steps/1/screenshot", ("before", "v")),
        (harness.server.port, f"/ws/test-control?runId={run.id}", ("since", "client")),
        (harness.server.frame_port, f"/stream/{run.id}", ("width", "token")),
    ]
    for port, path, names in places:
        for name in names:
            await ask_oddly(harness, port, path, name)


@pytest.mark.parametrize("name", ["limit", "after", "width", "since"])
async def test_a_number_of_thousands_of_digits_is_no_number(harness: ServerHarness, run: FakeRun, name: str) -> None:
    paths = {"limit": "/api/tests", "since": f"/ws/test-control?runId={run.id}"}
    base = harness.url if name in paths else harness.frames_url
    path = paths.get(name, f"/stream/{run.id}")
    for number in ("000000001" + "9" * 5000, "00000000000000001" + "9" * 5000, "9" * 18):
        mark = "&" if "?" in path else "?"
        async with harness.http.get(f"{base}{path}{mark}{name}={number}&token={ADA}") as answer:
            problem = json.loads(await answer.text())
            assert answer.status == 422
            assert [error["field"] for error in problem["errors"]] == [name]


async def test_odd_headers_do_no_harm(harness: ServerHarness, run: FakeRun) -> None:
    api, frames = harness.server.port, harness.server.frame_port
    run_path = f"/api/tests/{run.id}"
    places = [
        (api, "GET", "/"),
        (api, "GET", "/player.js"),
        (api, "GET", "/healthz"),
        (api, "GET", f"{run_path}/steps/1/screenshot"),
        (api, "GET", f"{run_path}/stream"),
        (api, "GET", f"/ws/test-control?runId={run.id}"),
        (api, "POST", f"{run_path}/pause"),
        (api, "OPTIONS", f"/whep/{run.id}"),
        (frames, "GET", f"/stream/{run.id}"),
    ]
    for port, method, path in places:
        for name, values in HEADERS.items():
            for value in values:
                check(await speak(port, request(method, path, headers(harness) | {name: value})))


async def test_headers_thrown_together_do_no_harm(harness: ServerHarness, run: FakeRun) -> None:
    luck = dice("headers")
    for _ in rounds(300):
        some = {name: luck.choice(HEADERS[name]) for name in luck.sample(list(HEADERS), 4)}
        path = luck.choice(("/", "/player.js", f"/api/tests/{run.id}/stream", "/metrics", f"/whep/{run.id}"))
        method = luck.choice(("GET", "POST", "OPTIONS", "DELETE"))
        check(await speak(harness.server.port, request(method, path, headers(harness) | some)))


async def test_bodies_that_are_not_what_they_say(harness: ServerHarness, run: FakeRun) -> None:
    paths = [
        "/api/tests",
        *(f"/api/tests/{run.id}/{verb}" for verb in ("commands", "tokens", "override-step", "pause")),
    ]
    kinds = ("application/json", "application/sdp", "multipart/form-data; boundary=", "text/plain")
    for path in (*paths, f"/whep/{run.id}"):
        for kind in kinds:
            head = request("POST", path, headers(harness) | {"Content-Type": kind}).removesuffix(b"\r\n")
            for whole, promise, body in BODIES:
                for wait in (False, *([True] if whole else [])):
                    check(await speak(harness.server.port, head + promise + b"\r\n" + body, wait=wait))


async def test_bytes_that_are_no_http(harness: ServerHarness) -> None:
    luck = dice("bytes")
    whole = request("GET", "/healthz", headers(harness))
    for _ in rounds(300):
        data = bytearray(whole)
        for _ in range(luck.randint(1, 5)):
            data[luck.randrange(len(data))] = luck.randrange(256)
        for garbage in (bytes(data), luck.randbytes(luck.randint(1, 200))):
            check(await speak(harness.server.port, garbage, wait=False))


@pytest.mark.parametrize(
    ("header", "status"),
    [("*", 304), ("{tag}", 304), ("W/{tag}", 304), ('"a", {tag}', 304), ('"a"', 200), ('"{tag}x"', 200), ("a", 200)],
)
async def test_if_none_match_names_pictures_whole(
    harness: ServerHarness, run: FakeRun, header: str, status: int
) -> None:
    url = f"{harness.frames_url}/stream/{run.id}"
    with run.stream.watch() if run.stream else pytest.fail("no stream"):
        async with harness.http.get(url, headers=auth(ADA)) as answer:
            tag = answer.headers["ETag"]
        named = auth(ADA) | {"If-None-Match": header.replace("{tag}", tag)}
        async with harness.http.get(url, headers=named) as answer:
            assert answer.status == status
