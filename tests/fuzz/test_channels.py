"""What a peer may say below its messages: channels that are not opened well, and text that is none."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiortc.rtcsctptransport import WEBRTC_DCEP, WEBRTC_STRING

from media.webrtc.data_channel import tolerate_malformed
from tests.fuzz.command_channels import endless_run
from tests.fuzz.example_budget import dice, rounds
from tests.signaling.offers import gone
from tests.signaling.server_harness import ServerHarness, WhepPeer


def opening(label: bytes, *, length: int | None = None, kind: int = 0) -> bytes:
    """DATA_CHANNEL_OPEN (RFC 8832 §5.1)."""
    return struct.pack("!BBHLHH", 3, kind, 0, 0, len(label) if length is None else length, 0) + label


OPENINGS = [
    opening(b"\xff\xfe"),
    opening(b"x" * 1000),
    opening(b"test-control"),
    opening(b"a", length=65535),
    opening(b"", kind=255),
    b"\x03",
    b"\x03" * 12,
    b"\x02",
    b"\xff",
]


async def say(peer: WhepPeer, stream: int, kind: int, data: bytes) -> None:
    assert peer.pc.sctp is not None
    await peer.pc.sctp._send(stream, kind, data)


async def still_talks(peer: WhepPeer, mark: str) -> None:
    assert (await peer.ask(type="ping", id=mark))["type"] == "pong"


async def test_text_that_is_not_utf_8_is_answered(harness: ServerHarness) -> None:
    run = endless_run(harness)
    async with harness.peer(run) as peer:
        await peer.until("hello")
        for data in (b"\xff", b"\xed\xa0\x80", b'{"type":"ping","id":"\xc0\xaf"}'):
            assert peer.control.id is not None
            await say(peer, peer.control.id, WEBRTC_STRING, data)
            assert (await peer.until("error"))["code"] == "invalid"
        await still_talks(peer, "after")
    await gone(harness, run)


async def test_channels_that_are_not_opened_well_end_nothing(harness: ServerHarness) -> None:
    run, luck = endless_run(harness), dice("channels")
    async with harness.peer(run) as peer:
        await peer.until("hello")
        assert peer.pc.sctp is not None
        tolerate_malformed(peer.pc.sctp)  # of the server's answers about channels that were never meant
        for number, data in enumerate([*OPENINGS, *(luck.randbytes(luck.randrange(1, 40)) for _ in rounds(40))]):
            await say(peer, 101 + 2 * number, WEBRTC_DCEP, data)
            for taken in (peer.control.id, peer.input.id):
                assert taken is not None
                await say(peer, taken, WEBRTC_DCEP, data)
            await still_talks(peer, f"after {number}")
    await gone(harness, run)


async def test_garbage_among_the_moves_is_dropped(harness: ServerHarness) -> None:
    run, luck = endless_run(harness), dice("moves")
    async with harness.peer(run) as peer:
        await peer.until("hello")
        await peer.input_open.wait()
        for _ in rounds(100):
            peer.input.send(luck.choice((luck.randbytes(20), '{"type":"input"}', "[" * 900, "", '{"type":"pause"}')))
        await still_talks(peer, "after")
        assert not run.submitted[:-1]
    await gone(harness, run)


def stranger(family: socket.AddressFamily) -> socket.socket:
    """Whoever knows the port may send; and asyncio's own transports send nothing where there are no bytes."""
    return socket.socket(family, socket.SOCK_DGRAM)


async def test_datagrams_that_are_nothing_end_nothing(harness: ServerHarness) -> None:
    run, luck = endless_run(harness), dice("datagrams")
    async with harness.peer(run) as peer:
        await peer.until("hello")
        connection = peer.pc.getTransceivers()[0].receiver.transport.transport._connection
        pair = connection._nominated[1]
        heads = (b"", b"\x00", b"\x14", b"\x17\xfe\xfd", b"\x3f", b"\x80", b"\x80\xc8", b"\xbf", b"\xff")
        with stranger(pair.protocol.transport.get_extra_info("socket").family) as sender:
            for data in [b"", *(luck.choice(heads) + luck.randbytes(luck.randrange(60)) for _ in rounds(300))]:
                sender.sendto(data, pair.remote_addr)
                await asyncio.sleep(0)
        await still_talks(peer, "after")
    await gone(harness, run)
