"""What stands in an address opens one thing for some minutes, and ends with the link that it came from."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from control.roles import Role
from signaling.access.share_tokens import TICKET_TTL, ExpiredToken, InvalidToken, Purpose, ShareTokens
from tests.fakes import FakeClock
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import FRAGMENT, SDP, VP8_OFFER, ask
from tests.signaling.server_harness import ADA, ServerHarness, auth

ROLES = ("viewer", "controller", "owner")


async def ticket_of(harness: ServerHarness, run: FakeRun, token: str) -> str:
    return str((await harness.call("GET", f"/api/tests/{run.id}/stream", token=token))[1]["viewerToken"])


class TestToWatch:
    @pytest.mark.parametrize("role", ROLES)
    async def test_it_opens_pictures_and_events_and_nothing_else(
        self, harness: ServerHarness, run: FakeRun, role: str
    ) -> None:
        ticket = await ticket_of(harness, run, await harness.token(run, role))
        query = f"?token={ticket}"
        async with harness.http.get(f"{harness.frames_url}/stream/{run.id}{query}") as picture:
            assert picture.status == 200
        async with harness.socket(run, token=ticket) as socket:
            assert (await socket.until("hello"))["role"] == "viewer"
            assert (await socket.ask(type="pause", id="1"))["code"] == "forbidden"
        offer = await ask(harness, "POST", f"/whep/{run.id}{query}", data=VP8_OFFER, headers=SDP, token=None)
        assert offer.status == 201
        for path in ("", "/stream", "/steps", "/export", "/tokens"):
            assert (await harness.call("GET", f"/api/tests/{run.id}{path}{query}", token=None))[0] == 403
        assert (await harness.call("GET", f"/api/tests{query}", token=None))[0] == 403
        assert (await harness.call("POST", "/api/tests/check", token=ticket, body={"instructions": "x"}))[0] == 403

    async def test_it_is_good_for_minutes(self, harness: ServerHarness, run: FakeRun) -> None:
        _, info = await harness.call("GET", f"/api/tests/{run.id}/stream")
        left = datetime.fromisoformat(info["expiresAt"]) - datetime.now(UTC)
        assert timedelta() < left <= timedelta(minutes=10)

    def test_what_it_has_opened_stays_as_long_as_its_link(self) -> None:
        clock = FakeClock()
        tokens = ShareTokens("secret", clock=clock)
        _, link = tokens.mint("run", Role.CONTROLLER, ttl=timedelta(days=2))
        ticket, claims = tokens.mint("run", Role.VIEWER, ttl=TICKET_TTL, parent=link, purpose=Purpose.WATCH)
        assert tokens.read(ticket) == claims
        assert (claims.expires_at, claims.opened_until) == (clock.now + TICKET_TTL, link.expires_at)
        clock.advance(seconds=601)
        with pytest.raises(ExpiredToken):
            tokens.read(ticket)

    def test_it_does_not_outlive_its_link(self) -> None:
        tokens = ShareTokens("secret", clock=FakeClock())
        _, link = tokens.mint("run", Role.VIEWER, ttl=timedelta(minutes=1))
        _, claims = tokens.mint("run", Role.VIEWER, ttl=TICKET_TTL, parent=link, purpose=Purpose.WATCH)
        assert claims.expires_at == claims.opened_until == link.expires_at

    def test_a_link_cannot_be_made_of_it(self) -> None:
        """Its purpose is in the audience, which no reader leaves out."""
        tokens = ShareTokens("secret", clock=FakeClock())
        ticket, _ = tokens.mint("run", Role.VIEWER, purpose=Purpose.WATCH)
        link, claims = tokens.mint("run", Role.VIEWER)
        assert (tokens.read(link).purpose, tokens.read(ticket).purpose) == (None, Purpose.WATCH)
        assert claims.opened_until == claims.expires_at
        with pytest.raises(InvalidToken):
            ShareTokens("another").read(ticket)


class TestWhepSession:
    @pytest.mark.parametrize("role", ROLES)
    async def test_its_address_has_a_ticket_for_that_session_alone(
        self, harness: ServerHarness, run: FakeRun, role: str
    ) -> None:
        token = await harness.token(run, role)
        offers = [
            await ask(harness, "POST", f"/whep/{run.id}?token={token}", data=VP8_OFFER, headers=SDP, token=None)
            for _ in range(2)
        ]
        first, second = (each.headers["Location"] for each in offers)
        assert token not in first
        ticket = parse_qs(urlsplit(first).query)["token"][0]
        for path in (f"/api/tests/{run.id}", f"/api/tests/{run.id}/stream"):
            assert (await harness.call("GET", path, token=ticket))[0] == 403
        async with harness.http.get(f"{harness.frames_url}/stream/{run.id}?token={ticket}") as picture:
            assert picture.status == 403
        elsewhere = f"{second.partition('?')[0]}?token={ticket}"
        assert (await ask(harness, "DELETE", elsewhere, headers={}, token=None)).status == 403
        sent = await ask(harness, "PATCH", first, data="a=end-of-candidates", headers=FRAGMENT, token=None)
        assert sent.status == 204
        for _ in range(2):
            assert (await ask(harness, "DELETE", first, headers={}, token=None)).status == 200
        assert len(harness.server.apps.whep) == 1

    async def test_a_header_leaves_the_address_bare(self, harness: ServerHarness, run: FakeRun) -> None:
        answer = await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)
        assert "?" not in answer.headers["Location"]


class TestWebSocket:
    @staticmethod
    def offered(token: str) -> tuple[str, str]:
        return "jumpseat.control", "jumpseat.bearer." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")

    @pytest.mark.parametrize("role", ROLES)
    async def test_a_page_needs_no_credential_in_its_address(
        self, harness: ServerHarness, run: FakeRun, role: str
    ) -> None:
        token = await harness.token(run, role)
        url = f"{harness.url}/ws/test-control?runId={run.id}"
        async with harness.http.ws_connect(url, protocols=self.offered(token)) as socket:
            assert socket.protocol == "jumpseat.control"
            assert (await socket.receive_json())["role"] == role

    @pytest.mark.parametrize("second", ["jumpseat.bearer.!!!", "jumpseat.bearer.", "jumpseat.bearer._w", "other"])
    async def test_one_that_is_wrong_is_refused(self, harness: ServerHarness, run: FakeRun, second: str) -> None:
        url = f"{harness.url}/ws/test-control?runId={run.id}"
        for protocols in (("jumpseat.control", second), self.offered("wrong")):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await harness.http.ws_connect(url, protocols=protocols)
            assert refusal.value.status == 401

    async def test_an_address_with_one_works_as_before(self, harness: ServerHarness, run: FakeRun) -> None:
        for url, headers in (
            (f"{harness.url}/ws/test-control?runId={run.id}&token={ADA}", {}),
            (f"{harness.url}/ws/test-control?runId={run.id}", auth(ADA)),
        ):
            async with harness.http.ws_connect(url, headers=headers) as socket:
                assert (await socket.receive_json())["role"] == "owner"
