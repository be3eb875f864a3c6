"""Who may do what: roles, owners, tokens, origins."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import NamedTuple

import aiohttp
import jwt
import pytest

from control.roles import Role
from signaling.access.share_tokens import InvalidToken, ShareTokens
from tests.fakes import FakeClock
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, BOB, CONFIG, ServerHarness, auth

ROLES = ["viewer", "controller", "owner"]
READS = ["", "/stream", "/steps"]


class Ask(NamedTuple):
    method: str
    path: str
    body: object
    needs: str


ASKS = [
    *(Ask("GET", read, None, "viewer") for read in READS),
    Ask("GET", "/export", None, "controller"),
    Ask("POST", "/pause", None, "controller"),
    Ask("POST", "/override-step", {"action": {"type": "reload"}}, "controller"),
    Ask("POST", "/update-instructions", {"instructions": "Go on"}, "controller"),
    Ask("POST", "/commands", {"type": "pause"}, "controller"),
    Ask("POST", "/commands", {"type": "ping"}, "viewer"),
    Ask("GET", "/spec", None, "owner"),
    Ask("POST", "/tokens", {"role": "viewer"}, "owner"),
    Ask("POST", "/secrets", {"name": "password"}, "controller"),
    Ask("GET", "/tokens", None, "owner"),
    Ask("DELETE", "/tokens/x", None, "owner"),
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_every_role_at_every_request(harness: ServerHarness, run: FakeRun, ask: Ask, role: str) -> None:
    token = await harness.token(run, role)
    status, problem = await harness.call(ask.method, f"/api/tests/{run.id}{ask.path}", token=token, body=ask.body)
    if ROLES.index(role) >= ROLES.index(ask.needs):
        assert status < 300
    else:
        assert (status, problem["code"]) == (403, "forbidden")
        assert run.view().status == "running"


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_without_a_right_credential_nothing_is_told(harness: ServerHarness, run: FakeRun, ask: Ask) -> None:
    other = await harness.new_run()
    path = f"/api/tests/{run.id}{ask.path}"
    for token, expected in ((None, 401), ("wrong", 401), (BOB, 404), (await harness.token(other, "controller"), 404)):
        assert (await harness.call(ask.method, path, token=token, body=ask.body))[0] == expected


@pytest.mark.parametrize("role", ["viewer", "controller"])
async def test_a_link_neither_lists_nor_makes_nor_removes_runs(harness: ServerHarness, run: FakeRun, role: str) -> None:
    token = await harness.token(run, role)
    assert (await harness.call("GET", "/api/tests", token=token))[0] == 403
    assert (await harness.call("POST", "/api/tests", token=token, body={"url": "http://a.test/"}))[0] == 403
    assert (await harness.call("DELETE", f"/api/tests/{run.id}", token=token))[0] == 403


async def test_a_guess_takes_the_same_time_however_near_it_is(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare_digest(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for shown, expected in ((ADA, 200), (BOB, 200), (ADA[:-1], 401), ("x", 401), (ADA * 9, 401)):
        compared.clear()
        assert (await harness.call("GET", "/api/tests", token=shown))[0] == expected
        # SHA-256 of each key that there is, after one that fits, too.
        assert compared == [(32, 32)] * 2


async def test_an_owner_sees_only_their_own_runs(harness: ServerHarness, run: FakeRun) -> None:
    theirs = await harness.new_run(owner="bob")
    _, listed = await harness.call("GET", "/api/tests", token=BOB)
    assert [each["id"] for each in listed["runs"]] == [theirs.id]


async def test_a_401_says_which_scheme(harness: ServerHarness, run: FakeRun) -> None:
    async with harness.http.get(f"{harness.url}/api/tests/{run.id}") as response:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_credential_in_the_address_counts_as_one_in_a_header(harness: ServerHarness, run: FakeRun) -> None:
    token = await harness.token(run, "viewer")
    assert (await harness.call("GET", f"/api/tests/{run.id}?token={token}", token=None))[0] == 200
    assert (await harness.call("GET", f"/api/tests/{run.id}?token={ADA}", token="wrong"))[0] == 401


async def test_no_credential_is_told_back_or_logged(
    harness: ServerHarness, run: FakeRun, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = await harness.token(run, "viewer")
    _, problem = await harness.call("GET", f"/api/tests/{run.id}?token=sneaky{token}", token=None)
    assert token not in str(problem)
    async with harness.socket(run, token=token) as socket:
        await socket.until("hello")
    assert token not in caplog.text
    assert ADA not in caplog.text
    assert ADA not in repr(harness.config)


async def test_revoking_is_at_once_and_cuts_what_hangs_on_it(harness: ServerHarness, run: FakeRun) -> None:
    shared = await harness.share(run, "viewer")
    kept = await harness.share(run, "viewer")
    derived = (await harness.call("GET", f"/api/tests/{run.id}/stream", token=shared["token"]))[1]["viewerToken"]
    stream = f"{harness.frames_url}/stream/{run.id}.mjpeg"
    async with (
        harness.socket(run, token=kept["token"]) as other,
        harness.socket(run, token=shared["token"]) as first,
        harness.socket(run, token=derived) as second,
        harness.peer(run, token=shared["token"]) as peer,
        harness.http.get(stream, params={"token": derived}) as mjpeg,
    ):
        await peer.until("hello")
        status, _ = await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{shared['id']}")
        assert status == 204
        assert await first.close_code() == 1008
        assert await second.close_code() == 1008
        await peer.viewer.until(lambda: True)
        await peer.ended.wait()
        assert (await mjpeg.content.read()).startswith(b"--frame")
        for token in (shared["token"], derived):
            status, problem = await harness.call("GET", f"/api/tests/{run.id}", token=token)
            assert (status, problem["code"]) == (401, "link_revoked")
        assert (await other.ask(type="ping", id="1"))["type"] == "pong"
        assert (await harness.call("GET", f"/api/tests/{run.id}", token=kept["token"]))[0] == 200


async def test_an_owner_cannot_revoke_what_belongs_to_another_run(harness: ServerHarness, run: FakeRun) -> None:
    shared = await harness.share(run, "viewer")
    theirs = await harness.new_run(owner="bob")
    status, _ = await harness.call("DELETE", f"/api/tests/{theirs.id}/tokens/{shared['id']}", token=BOB)
    assert status == 204
    assert (await harness.call("GET", f"/api/tests/{run.id}", token=shared["token"]))[0] == 200


async def test_the_links_that_live_are_listed(harness: ServerHarness, run: FakeRun) -> None:
    path = f"/api/tests/{run.id}/tokens"
    assert await harness.call("GET", path) == (200, {"tokens": []})
    shared = await harness.share(run, "controller")
    other = await harness.share(await harness.new_run(), "viewer")
    _, listed = await harness.call("GET", path)
    (link,) = listed["tokens"]
    assert set(link) == {"id", "role", "createdAt", "expiresAt", "lastSeenAt"}
    assert (link["id"], link["role"], link["expiresAt"]) == (shared["id"], "controller", shared["expiresAt"])
    assert link["lastSeenAt"] is None
    assert shared["token"] not in str(listed)
    _, stream = await harness.call("GET", f"/api/tests/{run.id}/stream", token=shared["token"])
    await harness.call("GET", f"/api/tests/{run.id}/stream")  # the owner's viewer token is no link
    await harness.call("GET", f"/api/tests/{run.id}", token=stream["viewerToken"])
    (seen,) = (await harness.call("GET", path))[1]["tokens"]
    assert datetime.fromisoformat(seen["lastSeenAt"]) >= datetime.fromisoformat(link["createdAt"])
    await harness.call("DELETE", f"{path}/{other['id']}")
    assert len((await harness.call("GET", path))[1]["tokens"]) == 1
    await harness.call("DELETE", f"{path}/{shared['id']}")
    assert await harness.call("GET", path) == (200, {"tokens": []})


async def test_a_link_that_was_made_elsewhere_is_listed_once_it_is_used(harness: ServerHarness, run: FakeRun) -> None:
    token, claims = ShareTokens(harness.config.secret).mint(run.id, Role.VIEWER)
    assert (await harness.call("GET", f"/api/tests/{run.id}", token=token))[0] == 200
    (link,) = (await harness.call("GET", f"/api/tests/{run.id}/tokens"))[1]["tokens"]
    assert (link["id"], link["role"]) == (claims.id, "viewer")


@pytest.mark.slow
async def test_a_link_that_expires_ends_its_connections(harness: ServerHarness, run: FakeRun) -> None:
    # An expiry is a whole second (RFC 7519), so that up to one second less is left than was asked for.
    shared = await harness.share(run, "viewer", ttl=4)
    async with harness.socket(run, token=shared["token"]) as socket:
        assert await socket.close_code() == 1008
    status, problem = await harness.call("GET", f"/api/tests/{run.id}", token=shared["token"])
    assert (status, problem["code"]) == (401, "link_expired")


async def test_a_share_token_says_its_address_role_and_end(harness: ServerHarness, run: FakeRun) -> None:
    shared = await harness.share(run, "controller", ttl=60)
    assert shared["watchUrl"] == f"{harness.url}/runs/{run.id}?token={shared['token']}"
    assert shared["role"] == "controller"
    left = datetime.fromisoformat(shared["expiresAt"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)


class TestTokens:
    clock = FakeClock()
    tokens = ShareTokens("secret", clock=clock)

    def test_one_is_read_as_it_was_minted(self) -> None:
        token, claims = self.tokens.mint("run", Role.VIEWER)
        assert self.tokens.read(token) == claims

    def test_a_derived_one_does_not_outlive_its_parent(self) -> None:
        _, parent = self.tokens.mint("run", Role.CONTROLLER, ttl=timedelta(minutes=1))
        token, claims = self.tokens.mint("run", Role.VIEWER, ttl=timedelta(days=1), parent=parent)
        assert claims.expires_at == parent.expires_at
        assert self.tokens.read(token).parent == parent.id

    def test_one_expires(self) -> None:
        clock = FakeClock()
        tokens = ShareTokens("secret", clock=clock)
        token, _ = tokens.mint("run", Role.VIEWER, ttl=timedelta(minutes=1))
        clock.advance(seconds=61)
        with pytest.raises(InvalidToken, match="expired"):
            tokens.read(token)

    def test_another_secret_another_algorithm_and_another_purpose_are_refused(self) -> None:
        token, _ = self.tokens.mint("run", Role.VIEWER)
        claims = jwt.decode(token, options={"verify_signature": False})
        key = self.tokens._key
        forged = [
            ShareTokens("another", clock=self.clock).mint("run", Role.VIEWER)[0],
            jwt.encode(claims, "", algorithm="none"),
            jwt.encode(claims, key * 2, algorithm="HS512"),
            jwt.encode(claims | {"role": "owner"}, key, algorithm="HS256"),
            jwt.encode(claims | {"aud": "others"}, key, algorithm="HS256"),
            jwt.encode({name: claims[name] for name in claims if name != "exp"}, key, algorithm="HS256"),
            token[:-2],
            "",
            "a.b.c",
        ]
        for each in forged:
            with pytest.raises(InvalidToken):
                self.tokens.read(each)


class TestOrigins:
    """A page of another origin can make a browser ask anything of loopback."""

    @pytest.fixture
    async def open_house(self) -> AsyncIterator[ServerHarness]:
        config = replace(CONFIG, allowed_origins=frozenset({"https://app.example"}))
        async with ServerHarness(config) as harness:
            yield harness

    async def ask(self, harness: ServerHarness, run: FakeRun, origin: str | None, host: str | None = None) -> list[int]:
        """Status of a command, of WHEP's endpoint and of the WebSocket."""
        headers = {name: value for name, value in {"Origin": origin, "Host": host}.items() if value}
        command, _ = await harness.call("POST", f"/api/tests/{run.id}/commands", body={"type": "ping"}, headers=headers)
        offer = auth(ADA) | headers | {"Content-Type": "application/sdp"}
        async with harness.http.post(f"{harness.url}/whep/{run.id}", data="", headers=offer) as response:
            whep = response.status
        try:
            async with harness.http.ws_connect(
                f"{harness.url}/ws/test-control?runId={run.id}", headers=auth(ADA) | headers
            ):
                return [command, whep, 101]
        except aiohttp.WSServerHandshakeError as error:
            return [command, whep, error.status]

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://[", "https://app.example"]
    )
    async def test_another_origin_is_refused(self, harness: ServerHarness, run: FakeRun, origin: str) -> None:
        assert await self.ask(harness, run, origin) == [403, 403, 403]

    async def test_our_own_origin_and_programs_pass(self, harness: ServerHarness, run: FakeRun) -> None:
        assert await self.ask(harness, run, harness.url) == [200, 400, 101]
        assert await self.ask(harness, run, None) == [200, 400, 101]

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:3001", "evil.example:80@localhost", ":"])
    async def test_a_name_that_is_not_ours_is_refused(self, harness: ServerHarness, run: FakeRun, host: str) -> None:
        assert await self.ask(harness, run, None, host) == [403, 403, 403]
        assert await self.ask(harness, run, f"http://{host}", host) == [403, 403, 403]

    @pytest.mark.parametrize("host", ["localhost:3001", "[::1]:3001", "10.0.0.7", "a.localhost"])
    async def test_names_of_loopback_and_addresses_are_ours(
        self, harness: ServerHarness, run: FakeRun, host: str
    ) -> None:
        assert await self.ask(harness, run, f"http://{host}", host) == [200, 400, 101]

    async def test_an_allowed_origin_may_use_everything_and_read_the_answers(self, open_house: ServerHarness) -> None:
        run = await open_house.new_run()
        origin = "https://app.example"
        assert await self.ask(open_house, run, origin) == [200, 400, 101]
        assert await self.ask(open_house, run, "https://app.example.evil") == [403, 403, 403]
        for url in (f"{open_house.url}/api/tests/{run.id}", f"{open_house.frames_url}/stream/{run.id}"):
            async with open_house.http.get(url, headers=auth(ADA) | {"Origin": origin}) as response:
                assert response.headers["Access-Control-Allow-Origin"] == origin
                exposed = response.headers["Access-Control-Expose-Headers"]
                assert {"ETag", "Location", "Link", "X-Frame-Seq", "X-Frame-Time"} <= set(exposed.split(", "))
            async with open_house.http.get(url, headers=auth(ADA) | {"Origin": "https://b.example"}) as response:
                assert "Access-Control-Allow-Origin" not in response.headers

    async def test_preflights(self, open_house: ServerHarness) -> None:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        url = f"{open_house.url}/api/tests"
        async with open_house.http.options(url, headers=asked | {"Origin": "https://app.example"}) as response:
            assert response.status == 204
            assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
            assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
            assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
        async with open_house.http.options(url, headers=asked | {"Origin": "https://b.example"}) as response:
            assert response.status == 403

    async def test_our_pages_may_read_the_frame_server_beside_them(self, harness: ServerHarness, run: FakeRun) -> None:
        headers = auth(ADA) | {"Origin": harness.url}
        async with harness.http.get(f"{harness.frames_url}/stream/{run.id}", headers=headers) as response:
            assert response.headers["Access-Control-Allow-Origin"] == harness.url

    async def test_every_answer_has_the_headers_that_bind_browsers(self, open_house: ServerHarness) -> None:
        for path in ("/", "/healthz", "/api/nothing", "/docs"):
            async with open_house.http.get(open_house.url + path) as response:
                policy = response.headers["Content-Security-Policy"]
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Referrer-Policy"] == "no-referrer"
            assert "default-src 'self'" in policy
            assert "script-src 'self';" in policy
            assert policy.endswith("frame-ancestors 'self' https://app.example")
            assert f"img-src 'self' blob: data: {open_house.frames_url};" in policy
