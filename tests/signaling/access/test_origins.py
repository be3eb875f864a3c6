"""Browsers as attackers: names that lead to us, pages that are none of ours, and what answers tell a browser to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, CONFIG, ServerHarness, auth

HOSTS = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", "localhost.", "a b", ""]
"""Names that a rebound DNS answer, or a trick of spelling, could bring here."""


def places(harness: ServerHarness, run: FakeRun) -> list[tuple[str, str]]:
    """One request of every kind that there is, both ports."""
    return [
        ("GET", f"{harness.url}/"),
        ("GET", f"{harness.url}/runs/{run.id}"),
        ("GET", f"{harness.url}/docs"),
        ("GET", f"{harness.url}/api/tests"),
        ("GET", f"{harness.url}/api/tests/{run.id}/stream"),
        ("POST", f"{harness.url}/api/tests"),
        ("POST", f"{harness.url}/api/tests/{run.id}/pause"),
        ("DELETE", f"{harness.url}/api/tests/{run.id}"),
        ("POST", f"{harness.url}/whep/{run.id}"),
        ("OPTIONS", f"{harness.url}/whep/{run.id}"),
        ("GET", f"{harness.url}/ws/test-control?runId={run.id}"),
        ("GET", f"{harness.frames_url}/stream/{run.id}"),
        ("GET", f"{harness.frames_url}/stream/{run.id}.mjpeg"),
    ]


async def status_of(harness: ServerHarness, method: str, url: str, headers: Mapping[str, str]) -> int:
    async with harness.http.request(method, url, headers=auth(ADA) | dict(headers)) as response:
        assert response.status != 403 or (await response.json())["code"] == "forbidden"
        return response.status


@pytest.mark.parametrize("host", HOSTS)
async def test_a_name_that_is_not_ours_is_refused_everywhere(harness: ServerHarness, run: FakeRun, host: str) -> None:
    for method, url in places(harness, run):
        assert await status_of(harness, method, url, {"Host": host}) == 403, url
    assert not run.view().paused


def foreign(harness: ServerHarness) -> list[str]:
    """Origins that are nearly ours, or none."""
    port = harness.server.port
    return [
        "null",
        "",
        "https://evil.example",
        f"http://127.0.0.1:{port}.evil.example",
        f"http://127.0.0.1:{port}0",
        f"http://x127.0.0.1:{port}",
        f"http://user@127.0.0.1:{port}",
        f"http://127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}, https://evil.example",
        f"HTTP://127.0.0.1:{port}",
        f"ftp://127.0.0.1:{port}",
        f"chrome-extension://127.0.0.1:{port}",
        "http://127.0.0.1",
        f"http://localhost:{port}",
    ]


async def test_a_page_that_is_not_ours_is_refused_everywhere(harness: ServerHarness, run: FakeRun) -> None:
    for origin in foreign(harness):
        for method, url in places(harness, run):
            assert await status_of(harness, method, url, {"Origin": origin}) == 403, (origin, url)
    assert not run.view().paused


async def test_any_page_may_load_the_player_which_tells_it_why_it_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "player.js").write_text("the player")
    foreign = {"Origin": "https://evil.example"}
    async with ServerHarness(dist=tmp_path) as harness:
        async with harness.http.get(f"{harness.url}/player.js", headers=foreign) as response:
            assert (response.status, await response.text()) == (200, "the player")
            assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert await status_of(harness, "POST", f"{harness.url}/player.js", foreign) == 403
        assert await status_of(harness, "GET", f"{harness.url}/player.js/x", foreign) == 403


async def test_programs_send_no_origin_and_are_let_in(harness: ServerHarness, run: FakeRun) -> None:
    for method, url in places(harness, run):
        if not url.endswith((".mjpeg", "/pause")):
            assert await status_of(harness, method, url, {}) not in {401, 403}, url


async def test_our_name_in_capitals_is_our_name(harness: ServerHarness, run: FakeRun) -> None:
    headers = {"Host": f"LOCALHOST:{harness.server.port}", "Origin": f"http://localhost:{harness.server.port}"}
    assert await status_of(harness, "GET", f"{harness.url}/api/tests", headers) == 200


async def test_other_machines_may_ask_for_our_health_under_any_name(harness: ServerHarness) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        async with harness.http.get(harness.url + path, headers={"Host": "jumpseat"}) as response:
            assert response.status == 200


async def test_cross_site_sockets_are_refused_before_anything_is_told(harness: ServerHarness, run: FakeRun) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with harness.http.ws_connect(
            f"{harness.url}/ws/test-control?runId={run.id}&token={ADA}", headers={"Origin": "https://evil.example"}
        ):
            pass
    assert refused.value.status == 403
    assert run.joined == []


class TestAnswers:
    async def test_nothing_is_kept_by_caches_on_the_way(self, harness: ServerHarness, run: FakeRun) -> None:
        for headers in (auth(ADA), auth(None), {"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            for method, url in places(harness, run):
                if url.endswith(".mjpeg") and headers == auth(ADA):
                    continue
                async with harness.http.request(method, url, headers=headers) as response:
                    assert response.headers["Cache-Control"] == "no-store", url

    async def test_every_answer_of_both_ports_binds_the_browser(self, harness: ServerHarness, run: FakeRun) -> None:
        for method, url in [*places(harness, run), ("GET", f"{harness.frames_url}/nothing"), ("PUT", harness.url)]:
            async with harness.http.request(method, url, headers={"Origin": "null"}) as response:
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Referrer-Policy"] == "no-referrer"
                assert response.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
                assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
                shown = "/stream/" in url or url.endswith("/screenshot")
                assert response.headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if shown else "same-site")
                assert "camera=()" in response.headers["Permissions-Policy"]
                assert "Strict-Transport-Security" not in response.headers
                assert "Origin" in response.headers["Vary"]
                assert "Access-Control-Allow-Origin" not in response.headers
                assert "Access-Control-Allow-Credentials" not in response.headers

    @pytest.mark.parametrize(
        ("public", "bound"),
        [
            ("https://seat.example", True),
            ("http://seat.example", False),
            ("https://localhost:3001", False),
            ("https://192.0.2.7", False),
        ],
    )
    async def test_https_is_asked_for_by_name_where_it_is_there(self, public: str, bound: bool) -> None:
        async with (
            ServerHarness(replace(CONFIG, public_url=public)) as harness,
            harness.http.get(harness.url, headers={"Host": urlsplit(public).netloc}) as response,
        ):
            assert ("Strict-Transport-Security" in response.headers) is bound

    async def test_pages_of_other_sites_are_given_answers_where_some_are_allowed(self) -> None:
        async with (
            ServerHarness(replace(CONFIG, allowed_origins=frozenset({"https://app.example"}))) as harness,
            harness.http.get(harness.frames_url) as response,
        ):
            assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"

    async def test_our_page_may_connect_to_us_alone(self, harness: ServerHarness) -> None:
        async with harness.http.get(harness.url) as response:
            policy = response.headers["Content-Security-Policy"]
        socket = harness.url.replace("http", "ws", 1)
        assert f"connect-src 'self' {socket} {harness.frames_url};" in policy
        assert "*" not in policy
        assert "unsafe" not in policy

    async def test_a_preflight_allows_an_origin_by_name_and_no_other(self) -> None:
        asked = {"Access-Control-Request-Method": "DELETE"}
        async with ServerHarness(replace(CONFIG, allowed_origins=frozenset({"https://app.example"}))) as harness:
            for base in (harness.url, harness.frames_url):
                for origin, expected in (
                    ("https://app.example", 204),
                    ("https://app.example.evil", 403),
                    ("https://app.example:444", 403),
                    ("http://app.example", 403),
                    ("https://APP.example", 403),
                    ("null", 403),
                ):
                    async with harness.http.options(
                        f"{base}/api/tests", headers=asked | {"Origin": origin}
                    ) as response:
                        assert response.status == expected
                        allowed = response.headers.get("Access-Control-Allow-Origin")
                        assert allowed == (origin if expected == 204 else None)
                        assert "Origin" in response.headers["Vary"]

    @pytest.mark.parametrize(
        "raw",
        [
            b"GET /?token=SECRET HTTP/9.9\r\nHost: a\r\n\r\n",
            b"GET /?token=SECRET\xff HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET http://[/?token=SECRET HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /?token=" + b"SECRET" * 2000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer SECRET\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ],
    )
    async def test_what_cannot_be_read_is_refused_and_not_logged(
        self, harness: ServerHarness, raw: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        reader, writer = await asyncio.open_connection("127.0.0.1", harness.server.port)
        writer.write(raw)
        assert b" 400 " in await reader.readline()
        writer.close()
        assert "cannot be read" in caplog.text
        assert "SECRET" not in caplog.text
        assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]
