"""How often: runs, viewers, links, wrong keys, messages; and that no table of callers grows without end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from control.protocol.events import Reply
from control.roles import Actor, Role
from signaling.access.audit import Audit
from signaling.access.authentication import Credential, RequestContext
from signaling.access.rate import Rate
from signaling.access.rate_limits import KnownPairs, RateKind, RateLimiter, RateMeter, network
from signaling.config import Limits
from signaling.connections.conversation import Conversation
from signaling.connections.dispatcher import CommandDispatcher
from signaling.metrics import Metrics
from signaling.ports import RunHandle
from signaling.problems import Problem
from tests.signaling.fakes import FakeAuditTrail, FakeRun
from tests.signaling.offers import SDP, VP8_OFFER
from tests.signaling.server_harness import ADA, BOB, CONFIG, ServerHarness, auth

LONG = 3600
"""Seconds: nothing is given back while a test goes on."""


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestMeter:
    def test_so_many_at_once_and_the_wait_for_the_next(self) -> None:
        clock = Clock()
        meter = RateMeter(Rate(3, 60), clock=clock)
        assert [meter.take("a") for _ in range(4)] == [None, None, None, 20.0]
        assert meter.take("b") is None
        clock.now += 20
        assert [meter.take("a"), meter.take("a")] == [None, 20.0]

    def test_looking_counts_nothing(self) -> None:
        meter = RateMeter(Rate(1, 60), clock=Clock())
        assert [meter.wait("a") for _ in range(5)] == [None] * 5
        assert meter.take("a") is None
        assert meter.wait("a") == 60

    def test_it_remembers_so_many_and_forgets_the_longest_unused(self) -> None:
        meter = RateMeter(Rate(1, 60), keys=100, clock=Clock())
        for number in range(100):
            meter.take(str(number))
        meter.take("0")  # refused: not used
        for number in range(100, 199):
            meter.take(str(number))
        assert len(meter) == 100
        assert meter.wait("99") == 60
        assert meter.wait("0") is None

    def test_pairs_that_are_known_take_bounded_room(self) -> None:
        known = KnownPairs(pairs=10)
        for number in range(20):
            known.add("192.0.2.1", str(number).encode())
        assert [known.has("192.0.2.1", str(number).encode()) for number in (9, 10, 19)] == [False, True, True]
        assert not known.has("192.0.2.2", b"19")

    def test_one_host_of_ipv6_is_one_party_whatever_address_of_its_own_it_uses(self) -> None:
        rates = RateLimiter({RateKind.RUN: Rate(2, LONG)}, auth_failures=Rate(2, LONG))
        for host in range(2):
            rates.spend(RateKind.RUN, identity=str(host), address=f"2001:db8::{host}")
        with pytest.raises(Problem):
            rates.spend(RateKind.RUN, identity="2", address="2001:db8::ffff")
        rates.spend(RateKind.RUN, identity="2", address="2001:db8:0:1::1")
        assert network("192.0.2.1") != network("192.0.2.2")


def limited(**limits: Rate) -> ServerHarness:
    return ServerHarness(replace(CONFIG, limits=CONFIG.limits.model_copy(update=limits)))


class About(int):
    """So many seconds, or less by those that a test itself has taken."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and int(self) - 60 < int(other) <= int(self)

    __hash__ = int.__hash__


async def status_of(harness: ServerHarness, method: str, path: str, **options: Any) -> tuple[int, int | None, str]:  # noqa: ANN401
    """Status, ``Retry-After`` and the problem's code."""
    async with harness.http.request(method, harness.url + path, **options) as response:
        body = await response.json(content_type=None) if "json" in response.content_type else {}
        if response.status == 429:
            assert response.content_type == "application/problem+json"
        wait = response.headers.get("Retry-After")
        return response.status, None if wait is None else int(wait), body.get("code", "")


REFUSED = (429, About(1800), "rate_limited")


class TestRequests:
    async def test_runs(self) -> None:
        async with limited(run_rate=Rate(2, LONG)) as harness:
            ask = {"headers": auth(ADA), "json": {"url": "http://a.test/"}}
            assert [(await status_of(harness, "POST", "/api/tests", **ask))[0] for _ in range(2)] == [201, 201]
            assert await status_of(harness, "POST", "/api/tests", **ask) == REFUSED
            assert (await harness.call("GET", "/api/tests"))[0] == 200

    async def test_the_address_counts_too_whatever_the_credential(self) -> None:
        async with limited(run_rate=Rate(2, LONG)) as harness:
            for key, expected in ((ADA, 201), (BOB, 201), (BOB, 429), (ADA, 429)):
                ask = {"headers": auth(key), "json": {"url": "http://a.test/"}}
                assert (await status_of(harness, "POST", "/api/tests", **ask))[0] == expected

    async def test_links(self) -> None:
        async with limited(token_rate=Rate(2, LONG)) as harness:
            run = await harness.new_run()
            shared = [await harness.share(run, "viewer") for _ in range(2)]
            ask = {"headers": auth(ADA), "json": {"role": "viewer"}}
            assert await status_of(harness, "POST", f"/api/tests/{run.id}/tokens", **ask) == REFUSED
            assert (await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{shared[0]['id']}"))[0] == 204

    async def test_viewers_count_by_the_link_that_they_came_by(self) -> None:
        async with limited(whep_rate=Rate(2, LONG)) as harness:
            run = await harness.new_run()
            token = await harness.token(run, "viewer")
            derived = (await harness.call("GET", f"/api/tests/{run.id}/stream", token=token))[1]["viewerToken"]
            for shown, expected in ((token, 201), (derived, 201), (token, 429)):
                ask = {"headers": auth(shown) | SDP, "data": VP8_OFFER}
                answer = await status_of(harness, "POST", f"/whep/{run.id}", **ask)
                assert answer[0] == expected
            assert answer == REFUSED

    async def test_a_hundred_people_behind_one_address_may_connect_by_one_link(self) -> None:
        rates = RateLimiter({RateKind.WHEP: Limits().whep_rate}, auth_failures=Limits().auth_failure_rate)
        for _ in range(100 * 5):  # each tries again a few times
            rates.spend(RateKind.WHEP, identity="one link", address="192.0.2.1")


class TestGuessing:
    async def test_beyond_the_limit_not_even_the_right_key_is_told_from_a_wrong_one(self) -> None:
        async with limited(auth_failure_rate=Rate(3, LONG)) as harness:
            guesses = [(await status_of(harness, "GET", "/api/tests", headers=auth(f"guess {n}")))[0] for n in range(4)]
            assert guesses == [401, 401, 401, 429]
            assert await status_of(harness, "GET", "/api/tests", headers=auth(ADA)) == (
                429,
                About(1200),
                "rate_limited",
            )
            assert (await status_of(harness, "GET", f"/api/tests?token={ADA}"))[0] == 429
            async with harness.http.get(f"{harness.frames_url}/stream/x", headers=auth(ADA)) as response:
                assert response.status == 429

    async def test_a_key_that_has_been_right_from_there_gets_through(self) -> None:
        async with limited(auth_failure_rate=Rate(3, LONG)) as harness:
            assert (await status_of(harness, "GET", "/api/tests", headers=auth(ADA)))[0] == 200
            for number in range(5):
                await status_of(harness, "GET", "/api/tests", headers=auth(f"guess {number}"))
            for key, status in ((ADA, 200), (BOB, 429), (ADA[:-1], 429)):
                assert (await status_of(harness, "GET", "/api/tests", headers=auth(key)))[0] == status

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    async def test_pages_of_elsewhere_lock_nobody_out(self, site: str) -> None:
        async with limited(auth_failure_rate=Rate(3, LONG)) as harness:
            run = await harness.new_run()
            token = await harness.token(await harness.new_run(), "viewer")
            picture = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
            frame = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
            for headers in (picture, frame):
                for number in range(9):
                    for base in (f"{harness.url}/api/tests", f"{harness.frames_url}/stream/{run.id}"):
                        url = f"{base}?token=guess{number}"
                        async with harness.http.get(url, headers=headers) as response:
                            assert response.status == 403
            assert (await status_of(harness, "GET", "/api/tests", headers=auth(BOB)))[0] == 200
            path = f"/api/tests/{run.id}?token="
            assert (await status_of(harness, "GET", path + token, headers=picture))[0] == 404  # a link, of another run

    async def test_links_in_pages_of_elsewhere_work(self) -> None:
        async with limited(auth_failure_rate=Rate(3, LONG)) as harness:
            run = await harness.new_run()
            token = await harness.token(run, "viewer")
            for mode in ("no-cors", "navigate"):
                headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
                async with harness.http.get(
                    f"{harness.frames_url}/stream/{run.id}?token={token}", headers=headers
                ) as ok:
                    assert ok.status == 200

    async def test_whoever_can_send_the_header_learns_no_key_by_it(self) -> None:
        async with limited(auth_failure_rate=Rate(3, LONG)) as harness:
            for key in ("guess", BOB):
                headers = auth(key) | {"Sec-Fetch-Site": "cross-site"}
                assert (await status_of(harness, "GET", "/api/tests", headers=headers))[0] == 403

    async def test_pages_that_are_permitted_count_as_ours(self) -> None:
        config = replace(CONFIG, allowed_origins=frozenset({"https://app.example"}))
        async with ServerHarness(config) as harness:
            headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example"}
            for key, status in ((ADA, 200), ("guess", 401)):
                assert (await status_of(harness, "GET", "/api/tests", headers=auth(key) | headers))[0] == status

    async def test_links_cannot_be_guessed_so_they_work_on(self) -> None:
        async with limited(auth_failure_rate=Rate(2, LONG)) as harness:
            run = await harness.new_run()
            token = await harness.token(run, "controller")
            for forged in (token[:-4] + "AAAA", "x"):
                assert (await harness.call("GET", f"/api/tests/{run.id}", token=forged))[0] == 401
            assert (await harness.call("GET", f"/api/tests/{run.id}", token="x"))[0] == 429
            assert (await harness.call("GET", f"/api/tests/{run.id}", token=token))[0] == 200
            assert (await harness.call("POST", f"/api/tests/{run.id}/pause", token=token))[0] == 202

    async def test_a_link_that_has_ended_is_no_guess(self) -> None:
        async with limited(auth_failure_rate=Rate(2, LONG)) as harness:
            run = await harness.new_run()
            shared = await harness.share(run, "viewer")
            await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{shared['id']}")
            for _ in range(5):
                assert (await harness.call("GET", f"/api/tests/{run.id}", token=shared["token"]))[0] == 401
                assert (await harness.call("GET", f"/api/tests/{run.id}", token=None))[0] == 401
            assert (await harness.call("GET", f"/api/tests/{run.id}"))[0] == 200


class Scripted(CommandDispatcher):
    """Admits as its script says."""

    def __init__(self, waits: list[float | None]) -> None:
        super().__init__(Metrics(), Limits(), Audit(FakeAuditTrail()))
        self._waits = iter(waits)

    def admit(self, run: RunHandle, who: str) -> float | None:
        return next(self._waits)


@dataclass
class Listener:
    """Keeps the answers."""

    said: asyncio.Queue[Reply]

    def reply(self, body: Reply) -> None:
        self.said.put_nowait(body)


class TestMessages:
    async def test_on_the_socket(self) -> None:
        async with limited(message_rate=Rate(3, LONG)) as harness:
            run = await harness.new_run()
            async with harness.socket(run) as socket:
                await socket.until("hello")
                answers = [await socket.ask(type="ping", id=str(number)) for number in range(5)]
                assert [answer["type"] for answer in answers] == ["pong"] * 3 + ["error"] * 2
                assert answers[-1]["code"] == "rate_limited"
                assert not socket.ws.closed
            assert len(run.submitted) == 3

    async def test_on_the_data_channel(self) -> None:
        async with limited(message_rate=Rate(2, LONG)) as harness:
            run = await harness.new_run()
            async with harness.peer(run) as peer:
                await peer.until("hello")
                answers = [await peer.ask(type="ping", id=str(number)) for number in range(3)]
                assert [answer.get("code") for answer in answers] == [None, None, "rate_limited"]
                peer.control.send("garbage")
                assert (await peer.until("error"))["code"] == "rate_limited"

    async def test_by_rest_with_the_seconds_to_wait(self) -> None:
        async with limited(message_rate=Rate(2, LONG)) as harness:
            run = await harness.new_run()
            ask = {"headers": auth(ADA), "json": {"type": "ping"}}
            path = f"/api/tests/{run.id}/commands"
            mark = "?client=another"
            for query, expected in (("", 200), (mark, 200), ("?client=and-another", 429)):
                assert (await status_of(harness, "POST", path + query, **ask))[0] == expected
            assert await status_of(harness, "POST", f"/api/tests/{run.id}/pause", headers=auth(ADA)) == REFUSED
            assert not run.view().paused

    async def test_one_viewer_on_two_transports_counts_once_and_others_apart(self) -> None:
        async with limited(message_rate=Rate(2, LONG)) as harness:
            run = await harness.new_run()
            async with (
                harness.socket(run, client="one") as first,
                harness.socket(run, client="one") as second,
                harness.socket(run, client="two") as other,
            ):
                assert (await first.ask(type="ping", id="1"))["type"] == "pong"
                assert (await second.ask(type="ping", id="2"))["type"] == "pong"
                assert (await first.ask(type="ping", id="3"))["code"] == "rate_limited"
                assert (await other.ask(type="ping", id="4"))["type"] == "pong"

    async def test_moves_beyond_it_are_merged_and_the_last_one_arrives(self) -> None:
        async with limited(message_rate=Rate(3, LONG)) as harness:
            run = await harness.new_run()
            async with harness.socket(run) as socket:
                await socket.until("hello")
                await socket.ask(type="take_control", id="t")
                run.slow.clear()
                for x in range(20):
                    await socket.send(type="input", kind="move", x=x, y=0)
                answer = await socket.ask(type="input", kind="move", x=99, y=0, id="last")
                assert answer["type"] == "ack"
                run.slow.set()
                await run.until_submitted(5)
                # Two within the limit, the first beyond it, which was being carried out, and the newest.
                assert [getattr(command, "x", None) for command, _ in run.submitted] == [None, 0, 1, 2, 99]
                assert (await socket.ask(type="input", kind="down", x=1, y=1, id="d"))["code"] == "rate_limited"
            async with harness.http.get(f"{harness.url}/metrics") as response:
                families = {family.name: family for family in text_string_to_metric_families(await response.text())}
            assert families["jumpseat_moves_dropped"].samples[0].value == 17

    async def test_what_was_said_since_puts_a_waiting_move_out_of_date(self, run: FakeRun) -> None:
        context = RequestContext(Credential("ada", None, "ada"), run, Actor("viewer", Role.OWNER, "Ada"))
        said: asyncio.Queue[Reply] = asyncio.Queue()
        conversation = Conversation(context, Scripted([9, 9, None]), Listener(said), in_flight=9)
        run.slow.clear()
        for x in (1, 2):
            conversation.on_message(json.dumps({"type": "input", "kind": "move", "x": x, "y": 0}))
            await asyncio.sleep(0)
        await run.until_submitted(1)
        conversation.on_message(json.dumps({"type": "ping", "id": "p"}))
        await run.until_submitted(2)
        run.slow.set()
        assert {(await said.get()).type for _ in range(3)} == {"ack", "pong"}
        await conversation.aclose()
        assert [getattr(command, "x", None) for command, _ in run.submitted] == [1, None]

    async def test_the_size_may_be_set_lower(self) -> None:
        async with ServerHarness(replace(CONFIG, limits=Limits(max_message=300))) as harness:
            run = await harness.new_run()
            async with harness.socket(run) as socket:
                await socket.send(type="update_instructions", instructions="x" * 300)
                assert (await socket.until("error"))["code"] == "too_large"
                assert (await socket.ask(type="ping", id="1"))["type"] == "pong"


def test_a_flood_from_many_addresses_is_remembered_in_bounded_room() -> None:
    meter = RateMeter(Rate(60, 60))
    for number in range(50_000):
        meter.take(network(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"))
    assert len(meter) <= 20_000
