"""What a viewer can make the server send to others: an offer names addresses, and each of them would be checked."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from aioice import stun

from media.frames import Codec
from media.webrtc.ice_checks import MOST_CHECKS, MOST_HOSTS, CheckBudget, may_be_checked
from media.webrtc.sdp import MOST_CANDIDATES, read_fragment, read_offer
from signaling.access.rate import Rate
from signaling.config import Limits
from tests.peers import loopback
from tests.signaling.offers import FRAGMENT, SDP, VP8_OFFER, ask, gone
from tests.signaling.server_harness import ADA, CONFIG, ServerHarness, WhepPeer

VICTIMS = [f"127.0.9.{number}" for number in range(1, 51)]
SHORT = Limits(connect_seconds=1)
"""Long enough for five checks of each address where `hasty_checks` are made."""


@pytest.fixture
def hasty_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has aioice repeat a check that was not answered ten times as soon as it would: after 50 ms, and twice that."""
    monkeypatch.setattr(stun, "RETRY_RTO", 0.05)


@contextmanager
def victims(hosts: list[str]) -> Iterator[list[socket.socket]]:
    """Sockets that hear what is sent to these addresses."""
    with ExitStack() as stack:
        found = []
        for host in hosts:
            each = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            each.bind((host, 0))
            each.setblocking(False)
            found.append(each)
        yield found


def candidates(sockets: list[socket.socket]) -> str:
    lines = (
        f"a=candidate:{number} 1 udp {number + 1} {host} {port} typ host\r\n"
        for number, (host, port) in enumerate(each.getsockname() for each in sockets)
    )
    return "".join(lines)


def heard(sockets: list[socket.socket]) -> list[int]:
    """How many packets each has got."""
    return [_count(each) for each in sockets]


def _count(each: socket.socket) -> int:
    count = 0
    try:
        while each.recv(4096):
            count += 1
    except BlockingIOError:
        return count
    raise AssertionError("an empty packet")


@pytest.mark.usefixtures("hasty_checks")
async def test_an_offer_reaches_few_hosts_and_few_times() -> None:
    async with ServerHarness(replace(CONFIG, limits=SHORT)) as harness:
        run = await harness.new_run()
        with victims(VICTIMS) as sockets:
            offer = VP8_OFFER + candidates(sockets)
            assert (await ask(harness, "POST", f"/whep/{run.id}", data=offer, headers=SDP)).status == 201
            await run.until(lambda: bool(run.left))
            await gone(harness, run)
            counts = heard(sockets)
    assert 0 < sum(counts) <= MOST_CHECKS
    assert sum(count > 0 for count in counts) <= MOST_HOSTS


@pytest.mark.usefixtures("hasty_checks")
async def test_trickled_candidates_count_with_the_offers() -> None:
    async with ServerHarness(replace(CONFIG, limits=SHORT)) as harness:
        run = await harness.new_run()
        with victims(VICTIMS) as sockets:
            offer = VP8_OFFER + candidates(sockets[:2])
            answer = await ask(harness, "POST", f"/whep/{run.id}", data=offer, headers=SDP)
            for first in range(2, 50, 12):
                fragment = candidates(sockets[first : first + 12])
                path = answer.headers["Location"]
                assert (await ask(harness, "PATCH", path, data=fragment, headers=FRAGMENT)).status == 204
            await run.until(lambda: bool(run.left))
            await gone(harness, run)
            counts = heard(sockets)
    assert 0 < sum(counts) <= MOST_CHECKS
    assert sum(count > 0 for count in counts) <= MOST_HOSTS


@pytest.mark.usefixtures("hasty_checks")
async def test_one_credential_has_a_rate_over_all_its_sessions() -> None:
    limits = SHORT.model_copy(update={"check_rate": Rate(20, 3600)})
    async with ServerHarness(replace(CONFIG, limits=limits)) as harness:
        run = await harness.new_run()
        with victims(VICTIMS[:4]) as sockets:
            offer = VP8_OFFER + candidates(sockets)
            for _ in range(5):
                assert (await ask(harness, "POST", f"/whep/{run.id}", data=offer, headers=SDP)).status == 201
            await run.until(lambda: len(run.left) == 5)
            await gone(harness, run)
            assert 0 < sum(heard(sockets)) <= 20


async def test_a_real_viewer_among_many_addresses_connects() -> None:
    """Also where all checks have been spent by the time that it is there."""
    limits = Limits(check_rate=Rate(1, 3600))
    async with ServerHarness(replace(CONFIG, limits=limits)) as harness:
        run = await harness.new_run()
        peer = WhepPeer(harness, run, ADA, Codec.VP8)
        async with loopback():
            offer = await peer.viewer.offer()
        with victims(VICTIMS) as sockets:
            decoys = candidates(sockets)
            crowded = re.sub(r"(a=candidate:)", lambda found: decoys + found[1], offer, count=1)
            answer = await ask(harness, "POST", f"/whep/{run.id}", data=crowded, headers=SDP)
            assert answer.status == 201, answer.text
            await peer.viewer.accept(answer.text)
            await peer.viewer.next_picture()
            assert sum(heard(sockets)) <= 1
        await peer.close()
        await gone(harness, run)


REFUSED = [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::", "fe80::1", "ff02::1", "ff02::fb", "::ffff:169.254.169.254", "::ffff:224.0.0.1",
    "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2606:4700::5efe:a9fe:a9fe", "metadata.internal", "x.local", "",
]  # fmt: skip
ALLOWED = ["127.0.0.1", "10.0.0.7", "192.168.1.20", "100.64.0.1", "203.0.113.9", "::1", "2001:db8::7", "fd00::1"]


@pytest.mark.parametrize("host", [host for host in REFUSED if host])
def test_addresses_that_no_viewer_has_are_left_out_of_offers_and_fragments(host: str) -> None:
    line = f"a=candidate:1 1 udp 1 {host} 5 typ host\r\n"
    offer = read_offer(VP8_OFFER + line)
    assert (offer.candidates, offer.hosts) == (0, frozenset())
    assert read_fragment(line).candidates == []


@pytest.mark.parametrize("host", ALLOWED)
def test_others_are_taken(host: str) -> None:
    line = f"a=candidate:1 1 udp 1 {host} 5 typ host\r\n"
    assert read_offer(VP8_OFFER + line).hosts == {host}
    assert [each.ip for each in read_fragment(line).candidates] == [host]


def test_what_is_refused() -> None:
    assert [host for host in REFUSED if may_be_checked(host)] == []
    assert [host for host in ALLOWED if not may_be_checked(host)] == []


def test_an_offer_brings_few_hosts() -> None:
    lines = "".join(f"a=candidate:{n} 1 udp {n} 192.0.2.{n} 5 typ host\r\n" for n in range(1, 90))
    assert len(read_offer(VP8_OFFER + lines).hosts) == MOST_HOSTS
    ports = "".join(f"a=candidate:{n} 1 udp {n} 192.0.2.1 {n} typ host\r\n" for n in range(1, MOST_CANDIDATES + 1))
    assert read_offer(VP8_OFFER + ports).candidates == MOST_CANDIDATES


class Wire:
    """A local candidate that sends into a list, and to which an answer may come."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
        self.sent.append(addr)

    async def request(
        self, request: stun.Message, addr: tuple[str, int], integrity_key: bytes | None, retransmissions: int | None
    ) -> tuple[stun.Message, tuple[str, int]]:
        await self.answer
        return request, addr


class Incoming:
    """An ICE connection that takes checks."""

    def __init__(self) -> None:
        self.taken = 0

    def check_incoming(self, message: stun.Message, addr: tuple[str, int], protocol: object) -> None:
        self.taken += 1


REQUEST = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
RESPONSE = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)
HERE, THERE = ("192.0.2.1", 5), ("192.0.2.2", 5)


class TestBudget:
    @pytest.fixture
    async def wire(self) -> Wire:
        return Wire()

    def bound(self, wire: Wire, incoming: Incoming | None = None) -> None:
        budget = CheckBudget(lambda: True)
        budget.bind(incoming or Incoming())  # type: ignore[arg-type]
        budget.bind_protocol(wire)  # type: ignore[arg-type]

    async def test_answers_to_others_are_not_counted(self, wire: Wire) -> None:
        self.bound(wire)
        for _ in range(2 * MOST_CHECKS):
            wire.send_stun(RESPONSE, HERE)
        assert len(wire.sent) == 2 * MOST_CHECKS

    async def test_whoever_answers_is_checked_freely_and_nobody_else(self, wire: Wire) -> None:
        self.bound(wire)
        wire.answer.set_result(None)
        await wire.request(REQUEST, HERE, None, None)
        for _ in range(2 * MOST_CHECKS):
            wire.send_stun(REQUEST, HERE)
            wire.send_stun(REQUEST, THERE)
        assert (wire.sent.count(HERE), wire.sent.count(THERE)) == (2 * MOST_CHECKS, MOST_CHECKS)

    async def test_a_request_whose_sender_may_be_forged_makes_two_checks_at_most(self, wire: Wire) -> None:
        incoming = Incoming()
        self.bound(wire, incoming)
        for _ in range(MOST_CHECKS):
            wire.send_stun(REQUEST, THERE)
        incoming.check_incoming(REQUEST, HERE, wire)
        for _ in range(9):
            wire.send_stun(REQUEST, HERE)
        assert wire.sent.count(HERE) == 2

    async def test_requests_from_addresses_without_end_are_not_kept(self, wire: Wire) -> None:
        incoming = Incoming()
        self.bound(wire, incoming)
        for port in range(1000):
            incoming.check_incoming(REQUEST, ("192.0.2.3", port), wire)
        assert incoming.taken == 64

    async def test_refused_addresses_are_not_checked_even_if_they_were_learned_elsewhere(self, wire: Wire) -> None:
        self.bound(wire)
        wire.send_stun(REQUEST, ("169.254.169.254", 80))
        assert wire.sent == []
