"""Protected packets to one peer, with as few system calls as the kernel allows."""

import socket
import struct
import sys
from collections.abc import Iterator, Sequence

from aioice.ice import CandidatePair
from aiortc import RTCDtlsTransport

SOL_UDP, UDP_SEGMENT = 17, 103
"""Linux's names for "cut this datagram into datagrams of that size" (udp(7)); Python's `socket` has none."""
SEGMENTS_MAX = 40
"""Packets per system call: the kernel takes at most 64 KiB and 64 packets."""
BACKLOG_MAX = 256 * 1024
"""Bytes that may wait for a full socket; beyond them packets are lost, as on any full path."""


class SrtpTransport:
    """The way of RTP packets to one peer, once its DTLS transport is connected.

    aiortc protects and sends one packet per task step and system call. This does the same for all packets of a frame
    at once; nothing of aiortc's or aioice's is replaced. The private attributes of both that it reads are all here:
    the SRTP session, the ICE connection, and the pair of candidates that it has chosen.
    """

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self._transport = transport
        self._connection = transport.transport._connection
        self._pair: CandidatePair | None = None
        self._socket: socket.socket | None = None

    def send(self, packets: Sequence[bytes]) -> None:
        """Sends RTP packets in order.

        Raises:
            ConnectionError: the peer cannot be reached (any more).
        """
        pair = self._connection._nominated.get(1)
        if pair is None or self._transport._tx_srtp is None:
            raise ConnectionError("the peer is not connected")
        if pair is not self._pair:
            self._follow(pair)
        protect = self._transport._tx_srtp.protect
        for batch in _batches([protect(packet) for packet in packets]):
            if len(batch) == 1 or not self._send_at_once(batch, pair):
                _send_singly(batch, pair)

    def close(self) -> None:
        """Closes the socket of its own. Safe to repeat."""
        self._pair = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _follow(self, pair: CandidatePair) -> None:
        """Follows ICE to another pair. A relayed one has no socket of its own, and only Linux can cut datagrams."""
        self.close()
        self._pair = pair
        shared = pair.protocol.transport.get_extra_info("socket")
        if sys.platform == "linux" and shared is not None and pair.protocol.local_candidate.type != "relay":
            self._socket = shared.dup()

    def _send_at_once(self, batch: list[bytes], pair: CandidatePair) -> bool:
        if self._socket is None or _waiting(pair):
            return False
        try:
            self._socket.sendmsg(batch, [(SOL_UDP, UDP_SEGMENT, struct.pack("H", len(batch[0])))], 0, pair.remote_addr)
        except BlockingIOError:
            return False
        except OSError:  # a kernel or a device that does not cut, or a path too narrow for it
            self._socket.close()
            self._socket = None
            return False
        return True


def _send_singly(batch: list[bytes], pair: CandidatePair) -> None:
    for packet in batch:
        if _waiting(pair) < BACKLOG_MAX:
            pair.protocol.transport.sendto(packet, pair.remote_addr)


def _waiting(pair: CandidatePair) -> int:
    """Bytes that a full socket has not taken yet; a relay keeps its own books."""
    waiting = getattr(pair.protocol.transport, "get_write_buffer_size", None)
    return int(waiting()) if waiting else 0


def _batches(packets: list[bytes]) -> Iterator[list[bytes]]:
    """Runs of packets of one size, each perhaps with a shorter one at its end."""
    batch: list[bytes] = []
    for packet in packets:
        fits = batch and len(batch[-1]) == len(batch[0]) >= len(packet) and len(batch) < SEGMENTS_MAX
        if batch and not fits:
            yield batch
            batch = []
        batch.append(packet)
    if batch:
        yield batch
