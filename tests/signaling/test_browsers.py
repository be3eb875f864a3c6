"""Browsers as attackers: names that lead to us, pages that are none of ours, and what answers tell a browser to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import aiohttp
import pytest

from tests.signaling.fakes import FakeRun
from tests.signaling.house import ADA, CONFIG, House, auth

HOSTS = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", "localhost.", "a b", ""]
"""Names that a rebound DNS answer, or a trick of spelling, could bring here."""


def places(house: House, run: FakeRun) -> list[tuple[str, str]]:
    """One request of every kind that there is, both ports."""
    return [
        ("GET", f"{house.url}/"),
        ("GET", f"{house.url}/runs/{run.id}"),
        ("GET", f"{house.url}/docs"),
        ("GET", f"{house.url}/api/tests"),
        ("GET", f"{house.url}/api/tests/{run.id}/stream"),
        ("POST", f"{house.url}/api/tests"),
        ("POST", f"{house.url}/api/tests/{run.id}/pause"),
        ("DELETE", f"{house.url}/api/tests/{run.id}"),
        ("POST", f"{house.url}/whep/{run.id}"),
        ("OPTIONS", f"{house.url}/whep/{run.id}"),
        ("GET", f"{house.url}/ws/test-control?runId={run.id}"),
        ("GET", f"{house.frames_url}/stream/{run.id}"),
        ("GET", f"{house.frames_url}/stream/{run.id}.mjpeg"),
    ]


async def status_of(house: House, method: str, url: str, headers: Mapping[str, str]) -> int:
    async with house.http.request(method, url, headers=auth(ADA) | dict(headers)) as response:
        assert response.status != 403 or (await response.json())["code"] == "forbidden"
        return response.status


@pytest.mark.parametrize("host", HOSTS)
async def test_a_name_that_is_not_ours_is_refused_everywhere(house: House, run: FakeRun, host: str) -> None:
    for method, url in places(house, run):
        assert await status_of(house, method, url, {"Host": host}) == 403, url
    assert not run.view().paused


def foreign(house: House) -> list[str]:
    """Origins that are nearly ours, or none."""
    port = house.server.port
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


async def test_a_page_that_is_not_ours_is_refused_everywhere(house: House, run: FakeRun) -> None:
    for origin in foreign(house):
        for method, url in places(house, run):
            assert await status_of(house, method, url, {"Origin": origin}) == 403, (origin, url)
    assert not run.view().paused


async def test_programs_send_no_origin_and_are_let_in(house: House, run: FakeRun) -> None:
    for method, url in places(house, run):
        if not url.endswith((".mjpeg", "/pause")):
            assert await status_of(house, method, url, {}) not in {401, 403}, url


async def test_our_name_in_capitals_is_our_name(house: House, run: FakeRun) -> None:
    headers = {"Host": f"LOCALHOST:{house.server.port}", "Origin": f"http://localhost:{house.server.port}"}
    assert await status_of(house, "GET", f"{house.url}/api/tests", headers) == 200


async def test_other_machines_may_ask_for_our_health_under_any_name(house: House) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        async with house.http.get(house.url + path, headers={"Host": "jumpseat"}) as response:
            assert response.status == 200


async def test_cross_site_sockets_are_refused_before_anything_is_told(house: House, run: FakeRun) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with house.http.ws_connect(
            f"{house.url}/ws/test-control?runId={run.id}&token={ADA}", headers={"Origin": "https://evil.example"}
        ):
            pass
    assert refused.value.status == 403
    assert run.joined == []


class TestAnswers:
    async def test_nothing_is_kept_by_caches_on_the_way(self, house: House, run: FakeRun) -> None:
        for headers in (auth(ADA), auth(None), {"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            for method, url in places(house, run):
                if url.endswith(".mjpeg") and headers == auth(ADA):
                    continue
                async with house.http.request(method, url, headers=headers) as response:
                    assert response.headers["Cache-Control"] == "no-store", url

    async def test_every_answer_of_both_ports_binds_the_browser(self, house: House, run: FakeRun) -> None:
        for method, url in [*places(house, run), ("GET", f"{house.frames_url}/nothing"), ("PUT", house.url)]:
            async with house.http.request(method, url, headers={"Origin": "null"}) as response:
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Referrer-Policy"] == "no-referrer"
                assert response.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
                assert "Origin" in response.headers["Vary"]
                assert "Access-Control-Allow-Origin" not in response.headers
                assert "Access-Control-Allow-Credentials" not in response.headers

    async def test_our_page_may_connect_to_us_alone(self, house: House) -> None:
        async with house.http.get(house.url) as response:
            policy = response.headers["Content-Security-Policy"]
        socket = house.url.replace("http", "ws", 1)
        assert f"connect-src 'self' {socket} {house.frames_url};" in policy
        assert "*" not in policy
        assert "unsafe" not in policy

    async def test_a_preflight_allows_an_origin_by_name_and_no_other(self) -> None:
        asked = {"Access-Control-Request-Method": "DELETE"}
        async with House(replace(CONFIG, allowed_origins=frozenset({"https://app.example"}))) as house:
            for base in (house.url, house.frames_url):
                for origin, expected in (
                    ("https://app.example", 204),
                    ("https://app.example.evil", 403),
                    ("https://app.example:444", 403),
                    ("http://app.example", 403),
                    ("https://APP.example", 403),
                    ("null", 403),
                ):
                    async with house.http.options(f"{base}/api/tests", headers=asked | {"Origin": origin}) as response:
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
        self, house: House, raw: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
        writer.write(raw)
        assert b" 400 " in await reader.readline()
        writer.close()
        assert "cannot be read" in caplog.text
        assert "SECRET" not in caplog.text
        assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]
