"""Data channels to a viewer, and tolerance for peers that do not keep to the rules (RFC 8831, RFC 8832)."""

import asyncio
import logging
import struct
from collections.abc import Callable

from aiortc import RTCDataChannel, RTCSctpTransport
from aiortc.rtcsctptransport import WEBRTC_BINARY, WEBRTC_STRING

from media.errors import ChannelClosed

logger = logging.getLogger(__name__)

BUFFERED_MAX = 256 * 1024
"""Bytes that may wait in a data channel before its sender is held back."""


class DataChannel:
    """One data channel that the viewer has opened. Belongs to the event loop's thread, with one sender."""

    def __init__(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        self._drained = asyncio.Event()
        channel.bufferedAmountLowThreshold = BUFFERED_MAX // 2
        channel.on("bufferedamountlow", self._drained.set)

    @property
    def label(self) -> str:
        return self._channel.label

    def on_message(self, callback: Callable[[str | bytes], object]) -> None:
        """Has `callback` called with each message that arrives; text that is not UTF-8 comes as bytes."""
        self._channel.on("message", callback)

    def on_close(self, callback: Callable[[], None]) -> None:
        """Has `callback` called when the channel is closed by either side."""
        self._channel.on("close", callback)

    async def send(self, message: str) -> None:
        """Sends one message, once no more than `BUFFERED_MAX` bytes wait before it.

        Raises:
            ChannelClosed: the channel is not open any more, or the peer takes no messages as long as this one
                (RFC 8841 §6).
        """
        while self._channel.bufferedAmount > BUFFERED_MAX:
            self._drained.clear()
            await self._drained.wait()
        if self._channel.readyState != "open":
            raise ChannelClosed(f"the data channel {self.label} has been closed")
        try:
            self._channel.send(message)
        except ValueError as error:
            raise ChannelClosed(f"the data channel {self.label} cannot go on: {error}") from None

    def close(self) -> None:
        """Closes the channel where it is open. Safe to repeat."""
        if self._channel.readyState == "open":
            self._channel.close()


def tolerate_malformed(sctp: RTCSctpTransport) -> None:
    """Keeps what aiortc stumbles over from ending the whole connection, picture included.

    Text that is not UTF-8 arrives as bytes, and is refused as such; a channel that is not opened well does not open.
    One of aiortc's methods is replaced, on this transport only.
    """
    receive = sctp._data_channel_receive

    async def receive_well_formed(stream_id: int, pp_id: int, data: bytes) -> None:
        if pp_id == WEBRTC_STRING and not _is_text(data):
            pp_id = WEBRTC_BINARY
        try:
            await receive(stream_id, pp_id, data)
        except (AssertionError, UnicodeDecodeError, struct.error) as error:
            logger.debug("ignored on stream %d: %r", stream_id, error)

    sctp._data_channel_receive = receive_well_formed  # type: ignore[method-assign]


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
