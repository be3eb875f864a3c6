"""Behind a proxy: whom its headers are believed from, and what follows from them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from signaling.access.proxies import ClientInfo, TrustedProxies
from signaling.access.rate import Rate
from signaling.config import Limits, Network
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, CONFIG, ServerHarness, auth

TRUSTED: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("2001:db8::/32"))
PUBLIC = "https://seat.example"
BEHIND = replace(CONFIG, trusted_proxies=TRUSTED, public_url=PUBLIC)
NAMED = replace(CONFIG, trusted_proxies=TRUSTED)


def client_info(headers: list[tuple[str, str]], *, peer: str = "127.0.0.1") -> tuple[ClientInfo, str | None]:
    """Who it is, and what is doubtful, where this peer hands on these headers."""
    request = make_mocked_request("GET", "/", headers=CIMultiDict([("Host", "inner:3001"), *headers])).clone(
        remote=peer
    )
    proxies = TrustedProxies(TRUSTED)
    return proxies.client_info(request), proxies.forwarding_error(request)


DIRECT = ClientInfo("127.0.0.1", None, "inner:3001")


class TestReading:
    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ([], DIRECT),
            ([("X-Forwarded-For", "192.0.2.7")], ClientInfo("192.0.2.7", None, "inner:3001")),
            ([("X-Forwarded-For", "192.0.2.7:4711")], ClientInfo("192.0.2.7", None, "inner:3001")),
            ([("X-Forwarded-For", "::ffff:192.0.2.7")], ClientInfo("192.0.2.7", None, "inner:3001")),
            ([("X-Forwarded-Proto", "https")], ClientInfo("127.0.0.1", "https", "inner:3001")),
            ([("X-Forwarded-Proto", "javascript")], DIRECT),
            ([("X-Forwarded-For", "unknown")], DIRECT),
            (
                [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "HTTPS"), ("X-Forwarded-Host", "a.example")],
                ClientInfo("192.0.2.7", "https", "a.example"),
            ),
            ([("Forwarded", 'for="[2001:dbb::1]:99";proto=https;host=a')], ClientInfo("2001:dbb::1", "https", "a")),
            ([("Forwarded", "for=192.0.2.7, for=127.0.0.2;proto=http")], ClientInfo("192.0.2.7", None, "inner:3001")),
            ([("Forwarded", "for=_hidden;proto=https")], ClientInfo("127.0.0.1", "https", "inner:3001")),
        ],
    )
    def test_what_a_trusted_proxy_says(self, headers: list[tuple[str, str]], expected: ClientInfo) -> None:
        assert client_info(headers) == (expected, None)

    def test_what_a_client_puts_before_it_is_not_believed(self) -> None:
        forged = [("X-Forwarded-For", "10.9.9.9"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "evil.example")]
        added = [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "a.example")]
        assert client_info([*forged, *added])[0] == ClientInfo("192.0.2.7", "https", "a.example")
        assert client_info([("X-Forwarded-For", "127.0.0.1, 192.0.2.7, 127.0.0.3")])[0].address == "192.0.2.7"
        assert client_info([("Forwarded", "for=10.9.9.9;host=evil, for=192.0.2.7;host=a")])[0].host == "a"

    @pytest.mark.parametrize("peer", ["192.0.2.66", "2001:dead::1", "128.0.0.1"])
    def test_nobody_else_is_believed(self, peer: str) -> None:
        headers = [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil")]
        assert client_info(headers, peer=peer) == (ClientInfo(peer, None, "inner:3001"), None)
        assert client_info([("Forwarded", "for=127.0.0.1;proto=https;host=evil")], peer=peer)[0].host == "inner:3001"

    @pytest.mark.parametrize(
        "headers",
        [
            [("Forwarded", "for=10.9.9.9"), ("X-Forwarded-For", "192.0.2.7")],
            [("Forwarded", "for=192.0.2.7"), ("X-Forwarded-Host", "evil.example")],
            [("Forwarded", 'for=10.9.9.9;x=", for="[2001:dbb::1]";proto=https')],
            [("Forwarded", "for=10.9.9.9 \x00, for=1.2.3.4")],
        ],
    )
    def test_what_may_be_the_clients_own_is_doubtful_and_not_used(self, headers: list[tuple[str, str]]) -> None:
        found, forwarding_error = client_info(headers)
        assert found == DIRECT
        assert forwarding_error


async def guesses(harness: ServerHarness, headers: Mapping[str, str]) -> list[int]:
    """The answers to three wrong keys in turn."""
    return [(await harness.call("GET", "/api/tests", token=f"guess {n}", headers=dict(headers)))[0] for n in range(3)]


def strict(*, trusted: bool) -> ServerHarness:
    limits = Limits(auth_failure_rate=Rate(2, 3600))
    return ServerHarness(replace(CONFIG, limits=limits, trusted_proxies=TRUSTED if trusted else ()))


async def test_another_address_in_each_header_gives_no_more_guesses() -> None:
    async with strict(trusted=False) as harness:
        assert await guesses(harness, {"X-Forwarded-For": "192.0.2.1"}) == [401, 401, 429]
        assert (await guesses(harness, {"X-Forwarded-For": "192.0.2.2", "X-Real-IP": "192.0.2.2"}))[0] == 429
        assert (await guesses(harness, {"Forwarded": "for=192.0.2.3"}))[0] == 429


async def test_behind_a_trusted_proxy_each_client_has_its_own() -> None:
    async with strict(trusted=True) as harness:
        assert await guesses(harness, {"X-Forwarded-For": "192.0.2.1"}) == [401, 401, 429]
        assert await guesses(harness, {"X-Forwarded-For": "192.0.2.2"}) == [401, 401, 429]
        assert (await guesses(harness, {"X-Forwarded-For": "192.0.2.3, 192.0.2.2"}))[0] == 429
        assert (await harness.call("GET", "/api/tests", headers={"X-Forwarded-For": "192.0.2.4"}))[0] == 200


async def test_links_carry_the_address_that_the_client_used() -> None:
    async with ServerHarness(NAMED) as harness:
        run = await harness.new_run()
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "localhost"}
        _, info = await harness.call("GET", f"/api/tests/{run.id}/stream", headers=headers)
        assert info["whepUrl"] == f"https://localhost/whep/{run.id}"
        assert info["controlUrl"].startswith("wss://localhost/ws/")
    async with ServerHarness(CONFIG) as harness:
        run = await harness.new_run()
        _, info = await harness.call("GET", f"/api/tests/{run.id}/stream", headers=headers)
        assert info["whepUrl"] == f"{harness.url}/whep/{run.id}"


async def test_the_public_address_is_ours_and_no_other(harness: ServerHarness, run: FakeRun) -> None:
    async with ServerHarness(BEHIND) as behind:
        path = f"/api/tests/{(await behind.new_run()).id}/commands"
        ping = {"type": "ping"}
        for host, origin, expected in (
            ("seat.example", PUBLIC, 200),
            ("SEAT.example:443", PUBLIC, 200),
            ("seat.example", "http://seat.example", 403),
            ("seat.example.evil.example", None, 403),
            ("evil.example", "http://evil.example", 403),
            ("seat.example", "https://evil.example", 403),
        ):
            headers = {"X-Forwarded-Host": host, "X-Forwarded-Proto": "https"}
            headers |= {"Origin": origin} if origin else {}
            assert (await behind.call("POST", path, body=ping, headers=headers))[0] == expected, (host, origin)
            async with behind.http.get(f"{behind.frames_url}/stream/x", headers=auth(ADA) | headers) as response:
                assert response.status == (404 if expected == 200 else 403)


async def test_a_forwarded_name_from_elsewhere_makes_no_page_ours(harness: ServerHarness, run: FakeRun) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost", "Origin": "http://localhost"}
    status, problem = await harness.call("POST", f"/api/tests/{run.id}/pause", headers=headers)
    assert (status, problem["code"]) == (403, "forbidden")
    assert "JUMPSEAT_PUBLIC_URL" in problem["detail"]


async def test_doubtful_headers_are_refused_with_the_reason() -> None:
    async with ServerHarness(NAMED) as harness:
        headers = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=10.9.9.9"}
        status, problem = await harness.call("GET", "/api/tests", headers=headers)
        assert status == 400
        assert "have the proxy remove" in problem["detail"]


async def test_one_that_is_not_trusted_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    async with ServerHarness() as harness:
        for name in ("X-Forwarded-For", "Forwarded", "X-Forwarded-For"):
            await harness.call("GET", "/api/tests", headers={name: "for=192.0.2.7"})
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert "JUMPSEAT_TRUSTED_PROXIES=127.0.0.1" in told[0]


async def test_one_that_is_trusted_is_not_told_of(caplog: pytest.LogCaptureFixture) -> None:
    async with ServerHarness(NAMED) as harness:
        await harness.call("GET", "/api/tests", headers={"X-Forwarded-For": "192.0.2.7"})
    assert not caplog.records
