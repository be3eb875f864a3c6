"""Which sections of an offer are answered: those of the video's bundle, on one transport (RFC 9143)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiortc.rtcrtpsender import RTCRtpSender

from media.errors import OfferRejected

_MOST_SECTIONS = 8
_LONGEST_MID = 32
"""Bytes: it is repeated in every packet (RFC 9143 §14)."""
_MEDIA = re.compile(r"m=(\S+) (\d{1,5}) (\S+) (.+)")
_RTPMAP = re.compile(r"a=rtpmap:\d+ ([^/\s]+)/")
_CREDENTIALS = ("a=ice-ufrag:", "a=ice-pwd:", "a=ice-options:", "a=fingerprint:", "a=setup:")
"""Attributes of the category TRANSPORT (RFC 8859 §5), which only the tagged section of a bundle has to have."""
_TRANSPORT = (*_CREDENTIALS, "a=candidate:", "a=end-of-candidates")
_DIRECTIONS = ("a=recvonly", "a=sendrecv", "a=sendonly", "a=inactive")
_DISABLED = "a=inactive"


@dataclass(slots=True)
class _Section:
    """One section of an offer, as it was written."""

    lines: list[str]
    kind: str
    port: int
    protocol: str
    formats: str

    @classmethod
    def read(cls, lines: list[str]) -> _Section:
        found = _MEDIA.fullmatch(lines[0])
        if found is None:
            raise OfferRejected("the body is not SDP that can be read")
        return cls(lines, found[1], int(found[2]), found[3], found[4])

    @property
    def mid(self) -> str:
        """The name, as aiortc has it: the last where there are several."""
        return next((line[6:].strip() for line in reversed(self.lines) if line.startswith("a=mid:")), "")

    @property
    def bundle_only(self) -> bool:
        """Whether the section has no transport but that of its bundle (RFC 9143 §6): its port 0 disables nothing."""
        return self.port == 0 and "a=bundle-only" in self.lines

    def direction(self, default: str) -> str:
        return next((line for line in reversed(self.lines) if line in _DIRECTIONS), default)

    def usable(self) -> bool:
        """Returns whether aiortc can answer a section of this kind, with any of these codecs."""
        if self.kind == "application":
            return self.protocol.endswith("DTLS/SCTP")
        if self.kind == "video":
            return True
        known = {each.mimeType.lower() for each in RTCRtpSender.getCapabilities("audio").codecs}
        return any(f"audio/{codec.lower()}" in known for codec in _RTPMAP.findall("\n".join(self.lines)))

    def on_transport(self, tagged: _Section, default: str) -> list[str]:
        """Returns the section's lines with the transport of its bundle's tagged section in place of its own."""
        direction = [default] if self.direction("") == "" else []
        if self is tagged:
            return [*self.lines, *direction]
        own = [line for line in self.lines[1:] if not line.startswith(_TRANSPORT) and line != "a=bundle-only"]
        if self.kind != "application" and "a=rtcp-mux" not in own:
            own.append("a=rtcp-mux")  # a section on the transport of another has no other way (RFC 9143 §9.3)
        shared = [line for line in tagged.lines if line.startswith(_CREDENTIALS)]
        return [f"m={self.kind} {self.port or 9} {self.protocol} {self.formats}", *own, *direction, *shared]

    def rejection(self) -> list[str]:
        """Returns the lines of an answer that reject the section (RFC 3264 §6)."""
        mid = [f"a=mid:{self.mid}"] if self.mid else []
        return [f"m={self.kind} 0 {self.protocol} {self.formats}", "c=IN IP4 0.0.0.0", *mid, _DISABLED]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The part of an offer that is answered."""

    sdp: str
    """The sections that are answered, each with the transport of all."""
    mid: str
    """Names the tagged section, whose transport it is."""
    rejected: dict[int, list[str]]
    """Sections of the answer for what is left out, by their index in the offer."""

    def complete(self, answer: str) -> str:
        """Returns the answer with a section for each of the offer's (RFC 3264 §6)."""
        if not self.rejected:
            return answer
        session, sections = _split(answer)
        for index, lines in sorted(self.rejected.items()):
            sections.insert(index, lines)
        return _text([session, *sections])


def read_bundle(text: str) -> Bundle:
    """Finds the video that is asked for, and what shares its transport.

    A section with port 0 is disabled, unless it is ``bundle-only`` in a group. The answer rejects what has a transport
    of its own, a second video, and audio and data that cannot be answered.

    Raises:
        OfferRejected: with the reason.
    """
    session, found = _split(text)
    sections = [_Section.read(lines) for lines in found]
    groups = [line.split()[1:] for line in session if line.startswith("a=group:BUNDLE")]
    _check_names(sections, groups)
    bundled = {mid for group in groups for mid in group}
    active = [each for each in sections if each.port != 0 or (each.bundle_only and each.mid in bundled)]
    direction = next((line for line in session if line in _DIRECTIONS), "a=sendrecv")
    video = _choose_video(active, direction)
    mids = next((group for group in groups if video.mid in group), [video.mid])
    used = _used([each for each in active if each is video or (each.mid and each.mid in mids)], video)
    tagged = next((each for mid in mids for each in used if each.mid == mid and each.port != 0), None)
    if tagged is None:
        raise OfferRejected("the first section of this offer's bundle cannot be answered, and no other has a transport")
    rejected = {at: each.rejection() for at, each in enumerate(sections) if each not in used}
    names = [tagged.mid, *(mid for mid in mids if mid != tagged.mid and any(each.mid == mid for each in used))]
    kept = [line for line in session if not line.startswith("a=group:BUNDLE")]
    group = [f"a=group:BUNDLE {' '.join(names)}"] if tagged.mid else []
    text = _text([kept + group, *(each.on_transport(tagged, direction) for each in used)])
    return Bundle(text, tagged.mid, rejected)


def _used(active: list[_Section], video: _Section) -> list[_Section]:
    """Returns the sections that can be answered: of videos and of data channels one each."""
    data = next((each for each in active if each.kind == "application"), None)
    only = {"video": video, "application": data}
    return [each for each in active if each.usable() and only.get(each.kind, each) is each]


def _choose_video(active: list[_Section], default: str) -> _Section:
    videos = [each for each in active if each.kind == "video"]
    if not videos:
        raise OfferRejected("there is no video section in this offer: add a transceiver that receives video")
    receiving = [each for each in videos if each.direction(default) in {"a=recvonly", "a=sendrecv"}]
    if not receiving:
        raise OfferRejected("the video section of this offer does not receive: its direction must be recvonly")
    return receiving[0]


def _check_names(sections: list[_Section], groups: list[list[str]]) -> None:
    mids = [each.mid for each in sections if each.mid]
    named = [mid for group in groups for mid in group]
    if len(sections) > _MOST_SECTIONS:
        raise OfferRejected(f"there are more than {_MOST_SECTIONS} sections in this offer")
    if len(set(mids)) < len(mids):
        raise OfferRejected("two sections of this offer have the same name (a=mid)")
    if any(len(mid.encode()) > _LONGEST_MID for mid in mids):
        raise OfferRejected(f"a section's name (a=mid) may have at most {_LONGEST_MID} bytes")
    if len(set(named)) < len(named) or not set(named) <= set(mids):
        raise OfferRejected("a=group:BUNDLE of this offer names a section twice, or one that is not there")


def _split(text: str) -> tuple[list[str], list[list[str]]]:
    """Returns the lines of the session, and those of each section."""
    session: list[str] = []
    sections: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("m="):
            sections.append([])
        if line.strip():
            (sections[-1] if sections else session).append(line.strip())
    return session, sections


def _text(parts: list[list[str]]) -> str:
    return "".join(f"{line}\r\n" for lines in parts for line in lines)
