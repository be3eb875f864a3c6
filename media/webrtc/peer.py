"""One viewer's peer connection: an offer in, an answer and the picture out, and data channels."""

import asyncio
import logging
from collections.abc import Callable

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from media.errors import CandidateRejected, NoPortLeft, OfferRejected
from media.subscription import Subscription
from media.webrtc.certificate import accept_rsa
from media.webrtc.configuration import PeerConfiguration
from media.webrtc.data_channel import DataChannel, tolerate_malformed
from media.webrtc.feedback import Feedback
from media.webrtc.ice import configure_ice, rtc_configuration
from media.webrtc.ice_checks import MOST_HOSTS
from media.webrtc.sdp import Fragment, Offer, codec_preferences
from media.webrtc.sender import replace_sender
from media.webrtc.track import ScreencastTrack

logger = logging.getLogger(__name__)


class Peer:
    """Answers one offer, and lives until either side ends it or the viewer has been silent for too long.

    Everything that the rest of the product needs of aiortc and aioice is here, in plain types. There is no ICE restart:
    aiortc has none.
    """

    def __init__(
        self,
        configuration: PeerConfiguration,
        *,
        on_channel: Callable[[DataChannel], None],
        on_gone: Callable[[], None],
    ) -> None:
        """
        Args:
            on_channel: called with each data channel that the viewer opens; close those that are not wanted.
            on_gone: called once when the connection has ended or failed by itself, or has not come about in time;
                `aclose` is still to be called.
        """
        self._configuration = configuration
        self._on_channel = on_channel
        self._on_gone: Callable[[], None] | None = on_gone
        self._connection = RTCPeerConnection(rtc_configuration(configuration))
        accept_rsa(self._connection)
        self._track: ScreencastTrack | None = None
        self._feedback: Feedback | None = None
        self._timeout: asyncio.TimerHandle | None = None
        self._mid = ""
        self._hosts: set[str] = set()

    async def answer(self, offer: Offer, subscription: Subscription) -> str:
        """Sends the subscription's frames from now on, and closes it with the connection or where this fails.

        Returns:
            The SDP answer, candidates included.

        Raises:
            OfferRejected, NoPortLeft: call `aclose` then, too.
        """
        self._track = ScreencastTrack(subscription)
        try:
            answer = await self._negotiate(offer, self._track)
        except Exception as error:  # aiortc raises whatever the mistake in the offer leads to
            logger.info("an offer was refused: %r", error)
            self._track.stop()
            raise OfferRejected("this offer cannot be answered") from error
        if "a=candidate:" not in answer:
            self._track.stop()
            raise NoPortLeft("there is no UDP port left for another viewer")
        seconds = self._configuration.connect_seconds
        self._timeout = asyncio.get_running_loop().call_later(seconds, self._on_timeout)
        return answer

    async def add_candidates(self, fragment: Fragment) -> None:
        """Adds trickled candidates (RFC 8840), whichever section they name: all share one transport.

        Those beyond so many hosts are left out: the viewer's own checks reveal its address from there, too.

        Raises:
            CandidateRejected: one of them cannot be used.
        """
        try:
            for candidate in fragment.candidates:
                if candidate.ip not in self._hosts and len(self._hosts) >= MOST_HOSTS:
                    continue
                self._hosts.add(candidate.ip)
                candidate.sdpMid = self._mid
                await self._connection.addIceCandidate(candidate)
        except ValueError as error:
            raise CandidateRejected(f"a candidate cannot be used: {error}") from None

    async def aclose(self) -> None:
        """Says BYE, ends the connection, and waits; `on_gone` is not called any more. Safe to repeat."""
        self._on_gone = None
        if self._timeout is not None:
            self._timeout.cancel()
        if self._track is not None:
            self._track.stop()
        await self._connection.close()

    async def _negotiate(self, offer: Offer, track: ScreencastTrack) -> str:
        connection = self._connection
        transceiver = connection.addTransceiver(track, direction="sendonly")
        transceiver.setCodecPreferences(codec_preferences(offer))
        connection.on("connectionstatechange", self._on_connection_state)
        connection.on("datachannel", self._on_data_channel)
        self._mid = offer.bundle.mid
        self._hosts.update(offer.hosts)
        await connection.setRemoteDescription(RTCSessionDescription(offer.bundle.sdp, "offer"))
        self._feedback = replace_sender(transceiver, track, offer=offer.bundle.sdp).feedback
        configure_ice(connection, self._configuration, self._last_received_at)
        if connection.sctp is not None:
            tolerate_malformed(connection.sctp)
        await connection.setLocalDescription()
        return offer.bundle.complete(connection.localDescription.sdp)

    def _last_received_at(self) -> float | None:
        return self._feedback.last_received_at if self._feedback else None

    def _on_data_channel(self, channel: RTCDataChannel) -> None:
        self._on_channel(DataChannel(channel))

    def _on_connection_state(self) -> None:
        if self._connection.connectionState in {"failed", "closed"}:
            self._report_gone()

    def _on_timeout(self) -> None:
        if self._connection.connectionState != "connected":
            self._report_gone()

    def _report_gone(self) -> None:
        on_gone, self._on_gone = self._on_gone, None
        if on_gone is not None:
            on_gone()
