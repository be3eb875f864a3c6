"""Offers whose sections share one transport, in each way that RFC 9143 allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from media.errors import OfferRejected
from media.frames import Codec
from media.webrtc.sdp import read_offer
from tests.peers import loopback
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import FRAGMENT, SDP, ask, gone
from tests.signaling.server_harness import ADA, ServerHarness, WhepPeer

FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
CREDENTIALS = ["a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuv"]
TRANSPORT = [*CREDENTIALS, "a=setup:actpass"]
PROTOCOL = "UDP/TLS/RTP/SAVPF"


def offer(group: str, *sections: list[str], session: tuple[str, ...] = (FINGERPRINT,)) -> str:
    names = [f"a=group:BUNDLE {group}"] if group else []
    lines = ["v=0", "o=- 1 2 IN IP4 0.0.0.0", "s=-", "t=0 0", *session, *names]
    return "".join(f"{line}\r\n" for line in (*lines, *(line for section in sections for line in section)))


def audio(mid: int, *more: str, port: int = 9, codec: str = "opus/48000/2") -> list[str]:
    head = [f"m=audio {port} {PROTOCOL} 109", "c=IN IP4 0.0.0.0", f"a=mid:{mid}", "a=recvonly"]
    return [*head, f"a=rtpmap:109 {codec}", *more]


def video(mid: int, *more: str, port: int = 9, codec: str = "VP8") -> list[str]:
    head = [f"m=video {port} {PROTOCOL} 120", "c=IN IP4 0.0.0.0", f"a=mid:{mid}"]
    return [*head, f"a=rtpmap:120 {codec}/90000", *more]


def data(mid: int, *more: str, port: int = 9) -> list[str]:
    return [f"m=application {port} UDP/DTLS/SCTP webrtc-datachannel", f"a=mid:{mid}", "a=sctp-port:5000", *more]


MUX = "a=rtcp-mux"
ONLY = (MUX, "a=bundle-only")
VALID = {
    "Firefox, max-bundle, audio first": offer(
        "0 1 2",
        audio(0, MUX, *TRANSPORT),
        video(1, "a=recvonly", *ONLY, "a=setup:actpass", port=0),
        data(2, "a=bundle-only", port=0),
        session=(FINGERPRINT, "a=ice-options:trickle"),
    ),
    "GStreamer, max-bundle, everything in each section": offer(
        "0 1",
        audio(0, MUX, "a=rtcp-rsize", *TRANSPORT, FINGERPRINT),
        video(1, "a=recvonly", *ONLY, *TRANSPORT, FINGERPRINT, port=0),
        session=("a=ice-options:trickle",),
    ),
    "Chromium, max-bundle: no port 0, nothing of transport in what follows": offer(
        "0 1", audio(0, MUX, *TRANSPORT), video(1, MUX, "a=recvonly")
    ),
    "video first, data on its transport alone": offer(
        "0 1", video(0, MUX, "a=recvonly", *TRANSPORT), data(1, "a=bundle-only", port=0)
    ),
    "the tagged section is not the first": offer(
        "1 0", video(0, *ONLY, "a=recvonly", port=0), audio(1, MUX, *TRANSPORT)
    ),
    "a disabled section outside of the group": offer("1", audio(0, port=0), video(1, MUX, "a=recvonly", *TRANSPORT)),
    "audio of no known codec beside": offer(
        "0 1", video(0, MUX, "a=recvonly", *TRANSPORT), audio(1, *ONLY, port=0, codec="AC3/48000")
    ),
    "audio of no known codec first, which has its own transport": offer(
        "0 1", audio(0, MUX, *TRANSPORT, codec="AC3/48000"), video(1, MUX, "a=recvonly", *TRANSPORT)
    ),
    "a second video": offer("0 1", video(0, MUX, "a=recvonly", *TRANSPORT), video(1, *ONLY, "a=recvonly", port=0)),
    "a camera before the picture": offer(
        "0 1", video(0, MUX, "a=sendonly", *TRANSPORT), video(1, MUX, "a=recvonly", *TRANSPORT)
    ),
    "no direction, which is sendrecv": offer("0", video(0, MUX, *TRANSPORT)),
    "direction of the session": offer("0", video(0, MUX, *TRANSPORT), session=(FINGERPRINT, "a=recvonly")),
    "audio on a transport of its own": offer("0", video(0, MUX, "a=recvonly", *TRANSPORT), audio(1, MUX, *TRANSPORT)),
    "audio in a bundle of its own": offer(
        "1",
        audio(0, MUX, *TRANSPORT),
        video(1, MUX, "a=recvonly", *TRANSPORT),
        session=(FINGERPRINT, "a=group:BUNDLE 0"),
    ),
    "nothing but multiplexed RTCP": offer("0 1", audio(0, MUX, *TRANSPORT), video(1, "a=rtcp-mux-only", "a=recvonly")),
}


@pytest.mark.parametrize("text", VALID.values(), ids=VALID.keys())
async def test_a_valid_offer_is_answered_section_by_section(harness: ServerHarness, run: FakeRun, text: str) -> None:
    answer = await ask(harness, "POST", f"/whep/{run.id}", data=text, headers=SDP)
    assert answer.status == 201, answer.text
    offered, answered = (re.findall(r"m=(\w+) \d+ (\S+)", sdp) for sdp in (text, answer.text))
    assert answered == offered
    sections = answer.text.split("m=")[1:]
    group = " ".join(re.findall(r"a=group:BUNDLE ?(.*?)\r?\n", answer.text)).split()
    mids = re.findall(r"a=mid:(\S+)", answer.text)
    assert mids == re.findall(r"a=mid:(\S+)", text)
    for mid, section in zip(mids, sections, strict=True):
        assert (mid in group) == (section.split()[1] != "0")
    assert sum(section.startswith("video") and "a=sendonly" in section for section in sections) == 1
    ended = await ask(harness, "DELETE", answer.headers["Location"], headers={})
    assert ended.status == 200
    await gone(harness, run)


def test_sections_without_names_share_nothing() -> None:
    text = offer("", audio(0, MUX, *TRANSPORT), video(1, MUX, "a=recvonly", *TRANSPORT)).replace("a=mid:0\r\n", "")
    answered = read_offer(text.replace("a=mid:1\r\n", "")).bundle
    assert "m=audio" not in answered.sdp
    assert list(answered.rejected) == [0]


INVALID = {
    "bundle-only outside of any group": (offer("", video(0, *ONLY, port=0)), "no video section"),
    "a disabled video": (offer("0 1", audio(0, MUX, *TRANSPORT), video(1, MUX, port=0)), "no video section"),
    "a name that is not there": (offer("0 7", video(0, MUX, *TRANSPORT)), "one that is not there"),
    "only the first has a transport, and cannot be answered": (
        offer("0 1", audio(0, MUX, *TRANSPORT, codec="AC3/48000"), video(1, *ONLY, port=0)),
        "cannot be answered",
    ),
}


@pytest.mark.parametrize(("text", "reason"), INVALID.values(), ids=INVALID.keys())
def test_an_offer_that_has_no_answer_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(OfferRejected, match=reason):
        read_offer(text)


def bundle_only(text: str) -> str:
    """The offer of a peer as ``max-bundle`` writes it: what follows the first section has port 0 and no transport."""
    first, *others = re.split(r"(?=^m=)", text, flags=re.MULTILINE)[1:]
    for number, section in enumerate(others):
        bare = re.sub(r"a=(ice-|fingerprint|setup|candidate|end-of-candidates).*\r\n", "", section)
        others[number] = re.sub(r"^(m=\w+) \d+", r"\1 0", bare) + "a=bundle-only\r\n"
    return text[: text.index("m=")] + first + "".join(others)


class SoundPeer(WhepPeer):
    """A viewer that offers audio before video, and one transport for both and its data channels."""

    def __init__(self, harness: ServerHarness, run: FakeRun) -> None:
        super().__init__(harness, run, ADA, Codec.VP8)
        self.viewer.pc.addTransceiver("audio", direction="recvonly")


@pytest.mark.parametrize("change", [lambda headers: {}, lambda headers: {"If-Match": headers["ETag"]}])
async def test_a_peer_on_one_transport_connects_by_candidates_that_come_later(
    harness: ServerHarness, run: FakeRun, change: Callable[[Mapping[str, str]], dict[str, str]]
) -> None:
    """They name the second section, as some clients do, and If-Match is left out, as whip-whep does."""
    peer = SoundPeer(harness, run)
    async with loopback():
        offered = await peer.viewer.offer()
    found = re.findall(r"a=candidate:.*", offered)
    text = bundle_only(re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", offered))
    assert re.findall(r"m=(\w+) 0 ", text) == ["video", "application"]
    answer = await ask(harness, "POST", f"/whep/{run.id}", data=text, headers=SDP)
    assert answer.status == 201, answer.text
    fragment = "\r\n".join([f"m=video 9 {PROTOCOL} 0", "a=mid:1", *dict.fromkeys(each.strip() for each in found), ""])
    headers = FRAGMENT | change(answer.headers)
    patched = await ask(harness, "PATCH", answer.headers["Location"], data=fragment, headers=headers)
    assert patched.status == 204, patched.text
    await peer.viewer.accept(answer.text)
    await peer.until("hello")
    await peer.viewer.next_picture()
    await peer.close()
    await gone(harness, run)
