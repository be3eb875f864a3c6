"""A WHEP session's candidates, and how a viewer that has vanished is missed."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from aioice import stun
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import generate_certificate
from cryptography.hazmat.primitives.asymmetric import rsa

from media.frames import Codec
from media.webrtc.ice import CONSENT_INTERVAL, SILENCE
from signaling.config import IceServer, Limits
from tests.peers import loopback
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import FRAGMENT, SDP, VP8_OFFER, ask, gone
from tests.signaling.server_harness import ADA, BOB, CONFIG, ServerHarness, WhepPeer


class RsaCertificate(RTCCertificate):
    """As GStreamer's: it can be used with the suites of its own kind alone."""

    @classmethod
    def generateCertificate(cls) -> RsaCertificate:
        key: Any = rsa.generate_private_key(65537, 2048)
        return cls(key, generate_certificate(key))

    def _create_ssl_context(self, srtp_profiles: list[Any]) -> Any:  # noqa: ANN401 - PyOpenSSL's
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(b"ECDHE-RSA-AES128-GCM-SHA256")
        return context


async def test_a_viewer_with_an_rsa_certificate_connects(
    harness: ServerHarness, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiortc.rtcpeerconnection.RTCCertificate", RsaCertificate)
    async with harness.peer(run) as peer:
        await peer.viewer.next_picture()


async def test_a_viewer_that_hides_its_addresses_connects(harness: ServerHarness, run: FakeRun) -> None:
    """Browsers offer names of multicast DNS; nobody answers for this one."""
    peer = WhepPeer(harness, run, ADA, Codec.VP8)
    async with loopback():
        offer = re.sub(r"(a=candidate:.*) 127\.0\.0\.1 ", r"\1 aaaa-bbbb.local ", await peer.viewer.offer())
    assert "aaaa-bbbb.local" in offer
    answer = await ask(harness, "POST", f"/whep/{run.id}", data=offer, headers=SDP)
    await peer.viewer.accept(answer.text)
    await peer.viewer.next_picture()
    await peer.close()
    await gone(harness, run)


class Trickle(NamedTuple):
    match: str | None
    fragment: str
    status: int
    type: str = FRAGMENT["Content-Type"]


OTHER_ICE = "a=ice-ufrag:wxyz\r\na=ice-pwd:abcdefghijklmnopqrstuvw"
TRICKLES = [
    Trickle(None, "a=end-of-candidates", 204),
    Trickle(None, "a=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 5 typ host", 204),
    Trickle(None, OTHER_ICE, 428),
    Trickle('"other"', "a=end-of-candidates", 412),
    Trickle("*", OTHER_ICE, 422),
    Trickle("{etag}", OTHER_ICE, 422),
    Trickle("{etag}", "", 400),
    Trickle("{etag}", "a=mid:0\r\na=candidate:x", 400),
    Trickle("{etag}", "a=mid:0\r\na=candidate:1 1 udp 1 nowhere.local 5 typ host", 204),
    Trickle("{etag}", "a=end-of-candidates", 415, "application/sdp"),
    Trickle("{etag}", "a=mid:0\r\na=end-of-candidates", 204),
    Trickle("*", "a=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 5 typ host", 204),
    Trickle("{etag}", "a=candidate:1 1 udp 1 127.0.0.1 5 typ host", 204),
]


def candidates(count: int, first: int = 0) -> str:
    numbers = range(first, first + count)
    return "".join(f"a=candidate:{each} 1 udp {each} 127.0.0.1 {each + 1} typ host\r\n" for each in numbers)


class TestTrickle:
    async def test_candidates_that_come_later_connect(self, harness: ServerHarness, run: FakeRun) -> None:
        peer = WhepPeer(harness, run, ADA, Codec.VP8)
        async with loopback():
            offer = await peer.viewer.offer()
        candidates = re.findall(r"a=candidate:.*", offer)
        bare = re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", offer)
        answer = await ask(harness, "POST", f"/whep/{run.id}", data=bare, headers=SDP)
        ufrag, password = re.search("a=ice-ufrag:(.*)\r", bare), re.search("a=ice-pwd:(.*)\r", bare)
        assert ufrag
        assert password
        fragment = "".join(
            f"{line}\r\n"
            for line in (
                f"a=ice-ufrag:{ufrag[1]}",
                f"a=ice-pwd:{password[1]}",
                "m=video 9 UDP/TLS/RTP/SAVPF 0",
                "a=mid:0",
                *dict.fromkeys(candidate.strip() for candidate in candidates),
                "a=end-of-candidates",
            )
        )
        headers = FRAGMENT | {"If-Match": answer.headers["ETag"]}
        patched = await ask(harness, "PATCH", answer.headers["Location"], data=fragment, headers=headers)
        assert (patched.status, patched.text) == (204, "")
        await peer.viewer.accept(answer.text)
        await peer.viewer.next_picture()
        await peer.close()
        await gone(harness, run)

    @pytest.mark.parametrize("trickle", TRICKLES, ids=str)
    async def test_preconditions_and_fragments(self, harness: ServerHarness, run: FakeRun, trickle: Trickle) -> None:
        answer = await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)
        headers = {"Content-Type": trickle.type}
        if trickle.match is not None:
            headers["If-Match"] = trickle.match.format(etag=answer.headers["ETag"])
        patched = await ask(harness, "PATCH", answer.headers["Location"], data=trickle.fragment, headers=headers)
        assert patched.status == trickle.status, patched.text

    async def test_one_session_takes_only_so_many_candidates(self, harness: ServerHarness, run: FakeRun) -> None:
        """Those of the offer count, in whichever number of requests the others come; what is refused adds nothing."""
        offer = VP8_OFFER + candidates(1)
        answer = await ask(harness, "POST", f"/whep/{run.id}", data=offer, headers=SDP)
        location, headers = answer.headers["Location"], FRAGMENT | {"If-Match": answer.headers["ETag"]}
        got = [
            (await ask(harness, "PATCH", location, data=candidates(33, first), headers=headers)).status
            for first in (1, 34, 67)
        ]
        assert got == [204, 204, 204]
        refused = await ask(harness, "PATCH", location, data=candidates(1, 100), headers=headers)
        assert refused.status == 422
        assert "at most 100 candidates" in refused.text
        assert "make a new one" in refused.text
        ended = await ask(harness, "PATCH", location, data="a=end-of-candidates", headers=headers)
        assert ended.status == 204

    async def test_a_session_belongs_to_its_run(self, harness: ServerHarness, run: FakeRun) -> None:
        answer = await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)
        other = await harness.new_run()
        location = answer.headers["Location"].replace(run.id, other.id)
        assert (await ask(harness, "PATCH", location, headers=FRAGMENT)).status == 404
        assert (await ask(harness, "DELETE", location, headers={})).status == 200
        assert len(harness.server.apps.whep) == 1
        assert (await ask(harness, "DELETE", answer.headers["Location"], headers={}, token=BOB)).status == 404
        assert (await ask(harness, "DELETE", answer.headers["Location"], headers={}, token=None)).status == 401


@pytest.mark.slow
class TestVanishing:
    async def test_a_viewer_that_vanishes_is_gone_within_ten_seconds(
        self, harness: ServerHarness, run: FakeRun
    ) -> None:
        """Where the machine is not late: it is missed at the first check after so long a silence."""
        assert SILENCE + 1.2 * CONSENT_INTERVAL + stun.RETRY_RTO < 10
        async with harness.peer(run) as peer:
            await peer.until("hello")
            await peer.viewer.next_picture()
            peer.vanish()
            started = time.monotonic()
            await run.until(lambda: bool(run.left))
            # It was missed, and did not say goodbye.
            assert time.monotonic() - started > SILENCE / 2
        await gone(harness, run)

    async def test_a_viewer_that_only_listens_stays(self, harness: ServerHarness, run: FakeRun) -> None:
        """Its STUN answers and reports are enough; the wait is for its own reports, well past the limit."""
        async with harness.peer(run) as peer:
            await peer.viewer.next_picture()
            started = time.monotonic()
            await peer.viewer.until(lambda: time.monotonic() - started > SILENCE + 4)
            assert run.left == []

    async def test_one_that_never_connects_is_let_go(self) -> None:
        async with ServerHarness(replace(CONFIG, limits=Limits(connect_seconds=0.2))) as harness:
            run = await harness.new_run()
            assert (await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)).status == 201
            await run.until(lambda: bool(run.left))
            await gone(harness, run)

    async def test_one_that_says_goodbye_is_gone_without_being_missed(
        self, harness: ServerHarness, run: FakeRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("media.webrtc.ice.SILENCE", 3600.0)
        async with harness.peer(run) as peer:
            await peer.viewer.next_picture()
        await run.until(lambda: bool(run.left))
        await gone(harness, run)


class TestIce:
    async def test_candidates_are_those_that_were_asked_for(self) -> None:
        low, high = 40_000, 40_099
        config = replace(CONFIG, ice_addresses=("127.0.0.1", "203.0.113.7"), ice_ports=(low, high))
        async with ServerHarness(config) as harness:
            run = await harness.new_run()
            answer = await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)
            found = re.findall(r"a=candidate:\S+ \d udp \d+ (\S+) (\d+) typ (\w+)", answer.text)
            assert {(host, kind) for host, _, kind in found} == {("127.0.0.1", "host"), ("203.0.113.7", "host")}
            assert all(low <= int(port) <= high for _, port, _ in found)
            async with harness.peer(run) as peer:
                await peer.viewer.next_picture()

    async def test_where_no_port_is_free_the_offer_is_answered_without_candidates(self) -> None:
        async with ServerHarness(replace(CONFIG, ice_ports=(40_100, 40_100))) as harness:
            run = await harness.new_run()
            first = await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)
            second = await ask(harness, "POST", f"/whep/{run.id}", data=VP8_OFFER, headers=SDP)
            assert "a=candidate" in first.text
            assert second.status == 503
            assert int(second.headers["Retry-After"]) > 0
            assert len(harness.server.apps.whep) == len(harness.server.apps.connections) == 1

    async def test_servers_are_told_in_links_and_in_the_api(self) -> None:
        servers = (
            IceServer(urls=("stun:127.0.0.1:9",)),
            IceServer(urls=("turn:127.0.0.1:9?transport=udp",), username="u", credential="c"),
        )
        async with ServerHarness(replace(CONFIG, ice_servers=servers)) as harness:
            run = await harness.new_run()
            _, info = await harness.call("GET", f"/api/tests/{run.id}/stream")
        assert info["iceServers"] == [
            {"urls": ["stun:127.0.0.1:9"]},
            {"urls": ["turn:127.0.0.1:9?transport=udp"], "username": "u", "credential": "c"},
        ]
