"""Every private or undocumented name of the libraries below that the product relies on, in one table.

A library may change such a name in any release. After an upgrade this file says in a second and by name what has gone,
where the product would show no picture. Who uses another one adds it here, with the reason.
"""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import playwright
import pytest

from tests.sources import ROOT, nodes, python_files, tree

PRODUCT = ("control", "jumpseat", "media", "runner", "signaling", "web")
LIBRARIES = {"aioice", "aiohttp", "aiortc", "livekit", "playwright"}
DOCUMENTED = {
    "aiohttp", "aiohttp.web", "aioice", "aiortc", "livekit", "livekit.api", "livekit.rtc", "playwright.async_api",
}  # fmt: skip
"""Modules whose exports the libraries document."""
ASYNC = "async "


@dataclass(frozen=True)
class PrivateName:
    """One name that its library promises to nobody."""

    owner: str
    """``module``, or ``module:Class``."""
    name: str
    why: str
    signature: str | None = None
    """Parameter names with defaults, after ``async`` for a coroutine; None: an attribute, a class or a constant."""

    @property
    def library(self) -> str:
        return self.owner.partition(".")[0].partition(":")[0]

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}".replace(":", ".")


DTLS, SENDER = "aiortc.rtcdtlstransport:RTCDtlsTransport", "aiortc.rtcrtpsender:RTCRtpSender"
TRANSCEIVER, ICE = "aiortc.rtcrtptransceiver:RTCRtpTransceiver", "aioice.ice:Connection"
WRAPPER = "playwright._impl._impl_to_api_mapping:ImplWrapper"
RSA = "aiortc's cipher suites leave out peers with an RSA certificate"
OWN_SENDER = "our sender stands in for aiortc's"
OUR_CANDIDATES = "aioice offers no loopback address, no port range and no mapped address of its own"
FEW_CHECKS = "aioice checks whatever a viewer names, seven times each"
WIRE = "RTCP is written and read by aiortc's own classes"
INTERNAL = "tracing takes the DOM around each call that is not internal, and a step makes dozens"
SEND_TOGETHER = "all packets of a frame leave in one system call"

TABLE = [
    # aiortc: the sender
    PrivateName(SENDER, "_ssrc", f"{OWN_SENDER}, and keeps what the SDP says"),
    PrivateName(SENDER, "_rtx_ssrc", f"{OWN_SENDER}, and keeps what the SDP says"),
    PrivateName(SENDER, "_stream_id", f"{OWN_SENDER}, and keeps what the SDP says"),
    PrivateName(SENDER, "_track_id", f"{OWN_SENDER}, and keeps what the SDP says"),
    PrivateName(SENDER, "_enabled", f"{OWN_SENDER}, and obeys the direction"),
    PrivateName(SENDER, "__init__", OWN_SENDER, "self, trackOrKind, transport"),
    PrivateName(SENDER, "send", OWN_SENDER, "async self, parameters"),
    PrivateName(SENDER, "stop", OWN_SENDER, "async self"),
    PrivateName(SENDER, "getStats", OWN_SENDER, "async self"),
    PrivateName(SENDER, "_handle_rtcp_packet", "where aiortc hands a viewer's RTCP over", "async self, packet"),
    PrivateName(SENDER, "_send_rtcp", "our sender sends its RTCP itself", "async self, packets"),
    PrivateName(TRANSCEIVER, "_RTCRtpTransceiver__sender", "a transceiver cannot be given a sender"),
    PrivateName(TRANSCEIVER, "_headerExtensions", "aiortc knows no playout-delay extension"),
    # aiortc: the transports
    PrivateName("aiortc:RTCPeerConnection", "_RTCPeerConnection__certificates", RSA),
    PrivateName("aiortc:RTCCertificate", "_create_ssl_context", RSA, "self, srtp_profiles"),
    PrivateName(DTLS, "_handle_rtcp_data", "a REMB with too few sources would end the connection", "async self, data"),
    PrivateName(DTLS, "_register_rtp_sender", OWN_SENDER, "self, sender, parameters"),
    PrivateName(DTLS, "_unregister_rtp_sender", OWN_SENDER, "self, sender"),
    PrivateName(DTLS, "_send_rtp", "sender reports and BYE; it protects RTCP, too", "async self, data"),
    PrivateName(DTLS, "_get_stats", "statistics of the transport in ours", "self"),
    PrivateName(DTLS, "_stats_id", "statistics of the transport in ours"),
    PrivateName(DTLS, "_rtp_router", "the header of a FIR names no media source"),
    PrivateName("aiortc.rtcdtlstransport:RtpRouter", "senders", "the header of a FIR names no media source"),
    PrivateName(DTLS, "_tx_srtp", SEND_TOGETHER),
    PrivateName("aiortc.rtcicetransport:RTCIceTransport", "_connection", SEND_TOGETHER),
    PrivateName("aiortc.rtcicetransport:RTCIceGatherer", "_connection", OUR_CANDIDATES),
    PrivateName(
        "aiortc.rtcsctptransport:RTCSctpTransport",
        "_data_channel_receive",
        "text that is not UTF-8, and channels opened badly, would end the connection",
        "async self, stream_id, pp_id, data",
    ),
    PrivateName("aiortc.rtcsctptransport", "WEBRTC_BINARY", "the same"),
    PrivateName("aiortc.rtcsctptransport", "WEBRTC_STRING", "the same"),
    # aiortc: modules that its documentation does not name
    PrivateName("aiortc.clock", "current_datetime", "times of statistics, as aiortc's own", ""),
    PrivateName("aiortc.clock", "current_ntp_time", "times of sender reports", ""),
    PrivateName("aiortc.codecs", "is_rtx", "which codec is the retransmission's", "codec"),
    PrivateName("aiortc.mediastreams", "MediaStreamError", "how a track says that it has ended"),
    PrivateName("aiortc.rtcrtpparameters", "RTCRtpCodecCapability", "codec preferences of an answer"),
    PrivateName("aiortc.rtcrtpparameters", "RTCRtpCodecParameters", "codecs of an offer"),
    PrivateName("aiortc.rtcrtpparameters", "RTCRtpHeaderExtensionParameters", "the playout-delay extension"),
    PrivateName("aiortc.rtcrtpparameters", "RTCRtpSendParameters", OWN_SENDER),
    PrivateName("aiortc.rtcrtpsender", "RTCRtpSender", OWN_SENDER),
    PrivateName("aiortc.rtp", "AnyRtcpPacket", WIRE),
    PrivateName("aiortc.rtp", "RTCP_PSFB_APP", WIRE),
    PrivateName("aiortc.rtp", "RTCP_PSFB_FIR", WIRE),
    PrivateName("aiortc.rtp", "RTCP_PSFB_PLI", WIRE),
    PrivateName("aiortc.rtp", "RTCP_RTPFB_NACK", WIRE),
    PrivateName("aiortc.rtp", "RtcpByePacket", WIRE),
    PrivateName("aiortc.rtp", "RtcpPsfbPacket", WIRE),
    PrivateName("aiortc.rtp", "RtcpReceiverInfo", WIRE),
    PrivateName("aiortc.rtp", "RtcpRrPacket", WIRE),
    PrivateName("aiortc.rtp", "RtcpRtpfbPacket", WIRE),
    PrivateName("aiortc.rtp", "RtcpSdesPacket", WIRE),
    PrivateName("aiortc.rtp", "RtcpSenderInfo", WIRE),
    PrivateName("aiortc.rtp", "RtcpSourceInfo", WIRE),
    PrivateName("aiortc.rtp", "RtcpSrPacket", WIRE),
    PrivateName("aiortc.rtp", "unpack_remb_fci", WIRE, "data"),
    PrivateName("aiortc.sdp", "H264Profile", "which H.264 a viewer can decode"),
    PrivateName("aiortc.sdp", "MediaDescription", "offers are checked before a peer is made"),
    PrivateName("aiortc.sdp", "SessionDescription", "offers are checked before a peer is made"),
    PrivateName("aiortc.sdp", "candidate_from_sdp", "trickled candidates", "sdp"),
    PrivateName("aiortc.sdp", "parse_h264_profile_level_id", "which H.264 a viewer can decode", "profile_str"),
    PrivateName("aiortc.stats", "RTCOutboundRtpStreamStats", "statistics of our sender"),
    PrivateName("aiortc.stats", "RTCStatsReport", "statistics of our sender"),
    # aioice
    PrivateName(ICE, "get_component_candidates", OUR_CANDIDATES, "async self, component, addresses, timeout=5"),
    PrivateName(ICE, "query_consent", "aioice misses a vanished viewer after 30 s", "async self"),
    PrivateName(ICE, "data_received", "an empty datagram would end the connection", "self, data, component"),
    PrivateName(ICE, "build_request", "consent checks of our own", "self, pair, nominate"),
    PrivateName(ICE, "_query_consent_task", "`close` would wait for the check that calls it"),
    PrivateName(ICE, "_nominated", f"the pair of candidates in use: consent; {SEND_TOGETHER}"),
    PrivateName(ICE, "_protocols", OUR_CANDIDATES),
    PrivateName("aioice.ice", "CandidatePair", SEND_TOGETHER),
    PrivateName("aioice.ice:CandidatePair", "protocol", SEND_TOGETHER),
    PrivateName("aioice.ice:CandidatePair", "remote_addr", SEND_TOGETHER),
    PrivateName("aioice.ice", "StunProtocol", OUR_CANDIDATES, "receiver"),
    PrivateName("aioice.ice:StunProtocol", "local_candidate", OUR_CANDIDATES),
    PrivateName("aioice.ice:StunProtocol", "transport", SEND_TOGETHER),
    PrivateName(
        "aioice.ice:StunProtocol",
        "request",
        "consent checks of our own",
        "async self, request, addr, integrity_key=None, retransmissions=None",
    ),
    PrivateName(ICE, "check_incoming", FEW_CHECKS, "self, message, addr, protocol"),
    PrivateName("aioice.ice:StunProtocol", "send_stun", FEW_CHECKS, "self, message, addr"),
    PrivateName("aioice.ice", "get_host_addresses", OUR_CANDIDATES, "use_ipv4, use_ipv6"),
    PrivateName("aioice.ice", "server_reflexive_candidate", OUR_CANDIDATES, "async protocol, stun_server"),
    PrivateName(
        "aioice.candidate",
        "candidate_foundation",
        OUR_CANDIDATES,
        "candidate_type, candidate_transport, base_address",
    ),
    PrivateName(
        "aioice.candidate",
        "candidate_priority",
        OUR_CANDIDATES,
        "candidate_component, candidate_type, local_pref=65535",
    ),
    PrivateName("aioice.stun", "TransactionError", "a consent check that was not answered"),
    # livekit
    PrivateName("livekit.rtc.room:Room", "_on_room_event", "a fast subscription raises KeyError", "self, event"),
    PrivateName("livekit.rtc", "_ffi_client", "a panic of the native part ends the process"),
    PrivateName("livekit.rtc._ffi_client", "os", "its `os.kill` ends the process after a panic"),
    PrivateName("livekit.rtc.participant", "PublishDataError", "not exported where it is raised"),
    PrivateName("livekit.rtc.participant", "PublishTrackError", "not exported where it is raised"),
    PrivateName("livekit.rtc.participant", "UnpublishTrackError", "not exported where it is raised"),
    # playwright
    PrivateName(WRAPPER, "_impl_obj", "the way from the public object to its implementation"),
    PrivateName(
        "playwright._impl.locator:Locator", "_selector", "a locator as a selector string is shown nowhere else"
    ),
    PrivateName(
        "playwright._impl.channel_owner:ChannelOwner", "_guid", "an object has the same name on a client's wire"
    ),
    PrivateName("playwright._impl.playwright:Playwright", "_connection", "the end of the driver is told nowhere else"),
    PrivateName("playwright._impl.channel_owner", "ApiZone", INTERNAL, "api_name, frames, title, internal"),
    PrivateName("playwright._impl.utils.zones", "current_zone", INTERNAL, ""),
    PrivateName("playwright._impl.utils.zones", "_async_local_storage", INTERNAL),
    # aiohttp
    PrivateName("aiohttp.typedefs", "Middleware", "the type of a middleware"),
    PrivateName("aiohttp.http_exceptions", "HttpProcessingError", "requests that cannot be read are not logged"),
]
"""One line for each."""

ENGINES = {
    "and", "attr", "chain", "control", "describe", "has", "has-not", "has-text", "label", "or", "role", "testid",
    "text",
}  # fmt: skip
"""Playwright's undocumented selector engines, ``internal:NAME``, that `runner.selectors` reads and writes."""


@pytest.mark.parametrize("entry", TABLE, ids=str)
def test_the_library_still_has_it(entry: PrivateName) -> None:
    owner = resolved(entry.owner)
    names = instance_attributes(owner) if inspect.isclass(owner) and not hasattr(owner, entry.name) else set[str]()
    gone = (
        f"{entry.library} has no {entry} any more; it was used because: {entry.why}. Used in {', '.join(users(entry))}"
    )
    assert hasattr(owner, entry.name) or entry.name in names, gone
    if entry.signature is not None:
        found = signature(getattr(owner, entry.name))
        changed = (
            f"{entry.library} has changed {entry}; it was used because: {entry.why}. Used in {', '.join(users(entry))}"
        )
        assert found == entry.signature, changed


@pytest.mark.parametrize("entry", TABLE, ids=str)
def test_the_product_still_uses_it(entry: PrivateName) -> None:
    assert users(entry), f"nothing uses {entry} any more: take it out of the table"


def test_the_livekit_client_still_ends_the_process_by_that_call() -> None:
    """The guard has nothing to hold up where the client calls something else."""
    assert "os.kill(os.getpid()," in inspect.getsource(import_module("livekit.rtc._ffi_client"))


def test_livekit_still_says_local_track_subscribed() -> None:
    event = import_module("livekit.rtc._proto.room_pb2").RoomEvent
    assert "local_track_subscribed" in event.DESCRIPTOR.oneofs_by_name["message"].containing_type.fields_by_name


def test_playwright_still_tells_of_the_end_of_its_driver() -> None:
    assert 'emit("close")' in inspect.getsource(import_module("playwright._impl.connection"))


def test_playwright_still_has_the_selector_engines() -> None:
    bundle = Path(str(playwright.__file__)).parent / "driver" / "package" / "lib" / "coreBundle.js"
    known = set(re.findall(r"internal:([a-z-]+)", bundle.read_text(encoding="utf-8")))
    assert known >= ENGINES, f"playwright has no engine {ENGINES - known} any more; runner/selectors uses it"


def test_every_selector_engine_in_use_is_in_the_table() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sources())
    used = set(re.findall(r"internal:([a-z]+(?:-[a-z]+)*)=", text)) | set(re.findall(r'"internal:([a-z-]+)"', text))
    assert used == ENGINES


# That nothing else is used


def test_every_private_name_in_use_is_in_the_table() -> None:
    """``x._name``, and ``def _name`` or ``self._name`` in a class below one of a library's, unless the name is ours."""
    listed = {entry.name for entry in TABLE}
    foreign = {
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources()
        for name, line in private_uses(tree(path))
        if name not in listed
    }
    assert not foreign, "not in the table"


def test_every_undocumented_import_is_in_the_table() -> None:
    listed = {(entry.owner, entry.name) for entry in TABLE}
    foreign = {
        f"{path.relative_to(ROOT)}: {module}.{name}"
        for path in sources()
        for module, name in undocumented_imports(tree(path))
        if (module, name) not in listed
    }
    assert not foreign, "not in the table"


def test_a_private_use_is_seen() -> None:
    text = "class A:\n  def f(self, x):\n    self._a = x._b._c\n    return x._a, y._replace(), super()._d, self._e"
    assert {name for name, _ in private_uses(ast.parse(text))} == {"_b", "_c", "_d"}
    below = "from aiortc import RTCRtpSender\nclass A(RTCRtpSender):\n  def _handle_rtcp_packet(self): self._ours = 1"
    assert {name for name, _ in private_uses(ast.parse(below))} == {"_handle_rtcp_packet"}


def test_an_undocumented_import_is_seen() -> None:
    text = (
        "from aiortc.rtp import RtcpPacket\nfrom aiortc import RTCPeerConnection\nfrom livekit.rtc import _ffi_client"
    )
    found = set(undocumented_imports(ast.parse(text)))
    assert found == {("aiortc.rtp", "RtcpPacket"), ("livekit.rtc", "_ffi_client")}


def resolved(owner: str) -> object:
    module, _, name = owner.partition(":")
    return getattr(import_module(module), name) if name else import_module(module)


def signature(function: object) -> str:
    assert callable(function)
    parameters = inspect.signature(function).parameters.values()
    shown = ", ".join(each.name if each.default is each.empty else f"{each.name}={each.default}" for each in parameters)
    return f"{ASYNC if inspect.iscoroutinefunction(function) else ''}{shown}"


def instance_attributes(kind: type[Any]) -> set[str]:
    """What its methods store on ``self`` and its body annotates, private names as Python mangles them."""
    found = set[str]()
    for base in kind.__mro__[:-1]:
        try:
            node = ast.parse(inspect.cleandoc("\n" + inspect.getsource(base))).body[0]
        except (OSError, TypeError, SyntaxError):
            continue
        for part in ast.walk(node):
            match part:
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                    found.add(f"_{base.__name__}{name}" if name.startswith("__") and not name.endswith("__") else name)
                case ast.AnnAssign(target=ast.Name(id=name)):
                    found.add(name)
    return found


@cache
def sources() -> tuple[Path, ...]:
    """Our files, but for those that run in an environment of somebody else, with the libraries that are there."""
    return tuple(path for path in python_files(*PRODUCT) if "attached" not in path.parts)


def users(entry: PrivateName) -> list[str]:
    """The product's files in which the name stands as code, of those that import the library or pass its objects on."""
    return [str(path.relative_to(ROOT)) for path in sources() if entry.name in names_in(path)]


@cache
def names_in(path: Path) -> frozenset[str]:
    found = set[str]()
    for node in nodes(tree(path)):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ImportFrom(names=names):
                found |= {alias.name for alias in names}
            case ast.Constant(value=str(text)):
                found.add(text)
    return frozenset(found)


def private_uses(module: ast.Module) -> list[tuple[str, int]]:
    """Private names of others: with their lines."""
    ours = own_names(module)
    found = []
    for node in nodes(module):
        match node:
            case ast.Attribute(value=value, attr=name) if is_private(name) and name not in ours:
                if not (isinstance(value, ast.Name) and value.id in {"self", "cls", "os"}):
                    found.append((name, node.lineno))
            case ast.ClassDef():
                found += overridden(node, module)
    return found


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in {"_replace", "_asdict", "_fields"}


def own_names(module: ast.Module) -> set[str]:
    """What the file itself defines: methods, and attributes of ``self`` that it stores."""
    found = set[str]()
    for node in nodes(module):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
    return found - {
        name for node in nodes(module) if isinstance(node, ast.ClassDef) for name, _ in overridden(node, module)
    }


def overridden(node: ast.ClassDef, module: ast.Module) -> list[tuple[str, int]]:
    """Private names of a library's class that a class below it defines, stores or reads, even if by accident."""
    theirs = {name for base in node.bases for name in library_names(ast.unparse(base), module)}
    found = []
    for part in ast.walk(node) if theirs else ():
        match part:
            case (
                ast.Attribute(value=ast.Name(id="self"), attr=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
            ):
                if is_private(name) and name in theirs:
                    found.append((name, part.lineno))
    return found


def library_names(base: str, module: ast.Module) -> set[str]:
    """All names of the class that a base such as ``rtc.Room`` is, where it is a library's."""
    first, *rest = base.split(".")
    for node in nodes(module):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in LIBRARIES:
            for alias in node.names:
                if first == (alias.asname or alias.name):
                    kind = getattr(import_module(node.module), alias.name, None)
                    for name in rest:
                        kind = getattr(kind, name, None)
                    return {*dir(kind), *instance_attributes(kind)} if inspect.isclass(kind) else set()
    return set()


def undocumented_imports(module: ast.Module) -> list[tuple[str, str]]:
    return [
        (node.module, alias.name)
        for node in nodes(module)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in LIBRARIES
        for alias in node.names
        if node.module not in DOCUMENTED or alias.name.startswith("_")
    ]
