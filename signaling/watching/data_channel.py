"""Data channels from peers that do not keep to the rules (RFC 8831, RFC 8832)."""

from __future__ import annotations

import logging
import struct

from aiortc import RTCSctpTransport
from aiortc.rtcsctptransport import WEBRTC_BINARY, WEBRTC_STRING

logger = logging.getLogger(__name__)


def tolerate(sctp: RTCSctpTransport) -> None:
    """Has what aiortc stumbles over end nothing: its error would end the whole connection, picture included.

    Text that is not UTF-8 arrives as bytes, and is refused as such; a channel that is not opened well does not open.
    One of aiortc's methods is replaced, on this transport only.
    """
    receive = sctp._data_channel_receive

    async def receive_what_is_well_formed(stream_id: int, pp_id: int, data: bytes) -> None:
        if pp_id == WEBRTC_STRING and not _is_text(data):
            pp_id = WEBRTC_BINARY
        try:
            await receive(stream_id, pp_id, data)
        except (AssertionError, UnicodeDecodeError, struct.error) as error:
            logger.debug("passed over on stream %d: %r", stream_id, error)

    sctp._data_channel_receive = receive_what_is_well_formed  # type: ignore[method-assign]


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
