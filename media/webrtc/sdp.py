"""Reads offers and trickled fragments, and refuses in a sentence what aiortc would stumble over."""

from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.rtcrtpparameters import RTCRtpCodecCapability, RTCRtpCodecParameters
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.sdp import (
    H264Profile,
    MediaDescription,
    SessionDescription,
    candidate_from_sdp,
    parse_h264_profile_level_id,
)

from media.errors import CandidateRejected, OfferRejected
from media.frames import Codec
from media.webrtc.bundle import Bundle, read_bundle
from media.webrtc.ice_checks import MOST_HOSTS, may_be_checked

_PROFILES = {H264Profile.PROFILE_CONSTRAINED_BASELINE: "42e01f", H264Profile.PROFILE_BASELINE: "42001f"}
_DIGESTS = ("sha-256", "sha-384", "sha-512")
MOST_CANDIDATES = 100
"""Of one session, which take one check each with each of ours (RFC 8445 §6.1.2.5 has the same number)."""
_BAD_PORT = "a candidate's port is not from 0 to 65535"


@dataclass(frozen=True, slots=True)
class Offer:
    """A viewer's offer that can be answered."""

    bundle: Bundle
    """As it is to be applied: without what is not used."""
    codec: Codec
    """The first in the viewer's order that there is."""
    h264_profile: str
    """The ``profile-level-id`` to answer with where the codec is H.264 (RFC 6184 §8.1)."""
    ufrag: str
    password: str
    candidates: int
    """How many it brings, without those that are left out."""
    hosts: frozenset[str]
    """Their addresses."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Candidates that came after the offer (RFC 8840); their content is for `Peer` alone."""

    ufrag: str | None
    password: str | None
    candidates: list[RTCIceCandidate]


def read_offer(text: str) -> Offer:
    """Reads an offer without applying it.

    Raises:
        OfferRejected: with the reason.
    """
    if not text.lstrip().startswith("v=0"):
        raise OfferRejected("the body is not SDP: it must start with 'v=0'")
    bundle = read_bundle(_without_unusable(text))
    description = _parse(bundle.sdp)
    video = next(media for media in description.media if media.kind == "video")
    _check_numbers(video)
    for media in description.media:
        _check_transport(media)
    candidates = _candidates(description)
    if not all(_has_port(each) for each in candidates):
        raise OfferRejected(_BAD_PORT)
    codec, profile = _choose(video)
    hosts = frozenset(each.ip for each in candidates)
    return Offer(bundle, codec, profile, *_ice(video), candidates=len(candidates), hosts=hosts)


def read_fragment(text: str) -> Fragment:
    """Reads a trickled fragment.

    Raises:
        CandidateRejected: with the reason.
    """
    found: dict[str, str] = {}
    candidates: list[RTCIceCandidate] = []
    others = False
    for line in text.splitlines():
        key, _, value = line.strip().partition(":")
        if key in {"a=ice-ufrag", "a=ice-pwd"}:
            found[key] = value
        elif key == "a=end-of-candidates" or (key == "a=candidate" and (not value or _is_unusable(line))):
            others = True
        elif key == "a=candidate":
            candidates.append(_candidate(value))
    if not candidates and not others and not found:
        raise CandidateRejected("there is neither a candidate nor 'a=end-of-candidates' in this fragment")
    if len(candidates) > MOST_CANDIDATES:
        raise CandidateRejected(f"there are more than {MOST_CANDIDATES} candidates in this fragment")
    if not all(_has_port(each) for each in candidates):
        raise CandidateRejected(_BAD_PORT)
    return Fragment(found.get("a=ice-ufrag"), found.get("a=ice-pwd"), candidates)


def codec_preferences(offer: Offer) -> list[RTCRtpCodecCapability]:
    """Returns the offer's codec as aiortc has it, with retransmission (RFC 4588)."""
    known = RTCRtpSender.getCapabilities("video").codecs
    wanted = [each for each in known if _is(each, offer.codec, offer.h264_profile)]
    return [*wanted, *(each for each in known if each.mimeType.lower() == "video/rtx")]


def _without_unusable(text: str) -> str:
    """Leaves out candidates that no viewer may have, those beyond so many hosts, and the claim that these are all.

    Among them are names in place of addresses: looking up an mDNS name takes a second where it fails, which in a
    container it always does; and it is not needed, since the viewer's own checks reveal its address (RFC 8445
    §7.3.1.3). But they come later, so candidates never end.
    """
    lines, hosts = [], set[str]()
    for line in text.splitlines():
        host = _candidate_host(line)
        if line.strip() == "a=end-of-candidates" or (host is not None and not may_be_checked(host)):
            continue
        if host is not None:
            if host not in hosts and len(hosts) >= MOST_HOSTS:
                continue
            hosts.add(host)
        lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def _is_unusable(line: str) -> bool:
    host = _candidate_host(line)
    return host is not None and not may_be_checked(host)


def _candidate_host(line: str) -> str | None:
    """Returns the address, or the name, in a line that is a candidate; None in any other."""
    bits = line.strip().split()
    return bits[4] if len(bits) > 4 and bits[0].startswith("a=candidate:") else None


def _parse(text: str) -> SessionDescription:
    try:
        return SessionDescription.parse(text)
    except Exception as error:  # aiortc's parser raises whatever the mistake leads to
        raise OfferRejected("the body is not SDP that can be read") from error


def _check_numbers(video: MediaDescription) -> None:
    """Checks the numbers that have to fit into the headers of packets (RFC 3550 §5.1, RFC 8285 §4.3)."""
    if any(not 0 <= (codec.payloadType or 0) <= 127 for codec in video.rtp.codecs):
        raise OfferRejected("a payload type in this offer (a=rtpmap) is not from 0 to 127")
    if any(not 1 <= extension.id <= 255 for extension in video.rtp.headerExtensions):
        raise OfferRejected("a header extension in this offer (a=extmap) has an id that is not from 1 to 255")


def _candidates(description: SessionDescription) -> list[RTCIceCandidate]:
    found = [candidate for media in description.media for candidate in media.ice_candidates]
    if len(found) > MOST_CANDIDATES:
        raise OfferRejected(f"there are more than {MOST_CANDIDATES} candidates in this offer")
    return found


def _has_port(candidate: RTCIceCandidate) -> bool:
    return 0 <= candidate.port <= 65535


def _check_transport(media: MediaDescription) -> None:
    if not all(_ice(media)):
        raise OfferRejected("this offer has no ICE credentials (a=ice-ufrag, a=ice-pwd)")
    fingerprints = media.dtls.fingerprints if media.dtls else []
    if not any(each.algorithm.lower() in _DIGESTS for each in fingerprints):
        raise OfferRejected(f"this offer has no DTLS fingerprint (a=fingerprint) by any of {', '.join(_DIGESTS)}")


def _ice(media: MediaDescription) -> tuple[str, str]:
    return (media.ice.usernameFragment or "", media.ice.password or "") if media.ice else ("", "")


def _choose(video: MediaDescription) -> tuple[Codec, str]:
    codecs = [codec for offered in video.rtp.codecs if (codec := _codec_of(offered))]
    if not codecs:
        names = ", ".join(dict.fromkeys(offered.name for offered in video.rtp.codecs)) or "nothing"
        raise OfferRejected(f"this offer has neither H.264 baseline (packetization-mode 1) nor VP8; it has {names}")
    profiles = {profile for offered in video.rtp.codecs if (profile := _profile(offered))}
    # Constrained baseline is what is sent (RFC 6184 §8.1), so it is named wherever it was offered.
    return codecs[0], "42e01f" if "42e01f" in profiles else "42001f"


def _codec_of(offered: RTCRtpCodecParameters) -> Codec | None:
    if offered.mimeType.lower() == "video/vp8":
        return Codec.VP8
    return Codec.H264 if _profile(offered) else None


def _profile(offered: RTCRtpCodecParameters) -> str | None:
    """Returns which of aiortc's two H.264 profiles this is, at any level; None where it is neither."""
    if offered.mimeType.lower() != "video/h264" or str(offered.parameters.get("packetization-mode")) != "1":
        return None
    try:
        given = str(offered.parameters.get("profile-level-id", "42e01f"))
        return _PROFILES.get(parse_h264_profile_level_id(given)[0])
    except ValueError:
        return None


def _is(capability: RTCRtpCodecCapability, codec: Codec, profile: str) -> bool:
    if capability.mimeType.lower() != f"video/{codec.value.lower()}":
        return False
    return codec is Codec.VP8 or capability.parameters.get("profile-level-id") == profile


def _candidate(value: str) -> RTCIceCandidate:
    try:
        return candidate_from_sdp(value)
    except (AssertionError, ValueError, IndexError):
        raise CandidateRejected("there is a candidate in this fragment that cannot be read") from None
