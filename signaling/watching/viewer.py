"""One viewer's peer connection: the picture going out, and control on its data channels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from media.aio import CloseOnce
from media.stream import LiveStream
from media.webrtc.feedback import Feedback
from media.webrtc.sender import share
from media.webrtc.track import ScreencastTrack
from signaling.access.authentication import RequestContext
from signaling.config import Config
from signaling.connections.conversation import Conversation, PointerMoveCoalescer
from signaling.connections.dispatcher import CommandDispatcher
from signaling.connections.feed import Feed, PersonalizeEvent
from signaling.problems import Problem
from signaling.watching.data_channel import tolerate
from signaling.watching.ice import configuration, prepare
from signaling.watching.sdp import Fragment, Offer

logger = logging.getLogger(__name__)

_BUFFERED = 256 * 1024
"""Bytes that may wait in a data channel before its feed is held back."""


class Viewer:
    """Answers one offer, and lives until either side ends it or it has been silent for too long."""

    def __init__(
        self,
        context: RequestContext,
        *,
        config: Config,
        stream: LiveStream,
        dispatcher: CommandDispatcher,
        personalize: PersonalizeEvent,
        on_gone: Callable[[], None],
    ) -> None:
        """
        Args:
            on_gone: called once when the connection has ended or failed by itself; `aclose` is still to be called.
        """
        self._context = context
        self._config = config
        self._stream = stream
        self._dispatcher = dispatcher
        self._personalize = personalize
        self._on_gone: Callable[[], None] | None = on_gone
        self._peer = RTCPeerConnection(configuration(config))
        self._feedback: Feedback | None = None
        self._control: ControlChannel | None = None
        self._moves: PointerMoveCoalescer | None = None
        self._timeout: asyncio.TimerHandle | None = None
        self._close_once = CloseOnce(self._close)

    async def answer(self, offer: Offer) -> str:
        """The SDP answer, candidates included. Raises Problem 400 or 503, and StreamClosed; call `aclose` then, too."""
        track = ScreencastTrack(self._stream.subscribe(offer.codec))
        transceiver = self._peer.addTransceiver(track, direction="sendonly")
        transceiver.setCodecPreferences(offer.preferences)
        self._peer.on("connectionstatechange", self._on_state)
        self._peer.on("datachannel", self._on_channel)
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            self._feedback = share(transceiver, track, offer=offer.sdp).feedback
            prepare(self._peer, self._config, self._last_received_at)
            if self._peer.sctp is not None:
                tolerate(self._peer.sctp)
            await self._peer.setLocalDescription()
        except Exception as error:  # aiortc raises whatever the mistake in the offer leads to
            logger.info("an offer was refused: %r", error)
            track.stop()
            raise Problem(400, "this offer cannot be answered", code="invalid") from error
        answer = self._peer.localDescription.sdp
        if "a=candidate:" not in answer:
            track.stop()
            headers = {"Retry-After": "5"}
            raise Problem(503, "there is no UDP port left for another viewer: see JUMPSEAT_ICE_PORTS", headers=headers)
        patience = self._config.limits.connect_seconds
        self._timeout = asyncio.get_running_loop().call_later(patience, self._unless_connected)
        return answer

    async def add(self, fragment: Fragment) -> None:
        """Trickled candidates. Raises Problem 400 for one that cannot be used."""
        try:
            for candidate in fragment.candidates:
                if candidate.sdpMid is None:
                    candidate.sdpMLineIndex = 0
                await self._peer.addIceCandidate(candidate)
        except ValueError as error:
            raise Problem(400, f"a candidate cannot be used: {error}", code="invalid") from None

    async def aclose(self) -> None:
        """Says BYE, ends the connection, and waits; safe to repeat."""
        await self._close_once()

    async def _close(self) -> None:
        self._on_gone = None
        if self._timeout is not None:
            self._timeout.cancel()
        if self._control is not None:
            await self._control.aclose()
        if self._moves is not None:
            await self._moves.aclose()
        for sender in self._peer.getSenders():
            if sender.track is not None:
                sender.track.stop()
        await self._peer.close()

    def _on_state(self) -> None:
        if self._peer.connectionState in {"failed", "closed"}:
            self._gone()

    def _unless_connected(self) -> None:
        if self._peer.connectionState != "connected":
            self._gone()

    def _gone(self) -> None:
        on_gone, self._on_gone = self._on_gone, None
        if on_gone is not None:
            on_gone()

    def _last_received_at(self) -> float | None:
        return self._feedback.last_received_at if self._feedback else None

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if channel.label == "test-control" and self._control is None:
            self._control = ControlChannel(
                channel, self._context, dispatcher=self._dispatcher, personalize=self._personalize, config=self._config
            )
        elif channel.label == "test-input" and self._moves is None:
            self._moves = PointerMoveCoalescer(self._context, self._dispatcher)
            channel.on("message", self._moves.hear)
        else:
            channel.close()


class ControlChannel:
    """The data channel ``test-control``: events and commands, as on the WebSocket."""

    def __init__(
        self,
        channel: RTCDataChannel,
        context: RequestContext,
        *,
        dispatcher: CommandDispatcher,
        personalize: PersonalizeEvent,
        config: Config,
    ) -> None:
        limits = config.limits
        self._channel = channel
        self._drained = asyncio.Event()
        self._feed = Feed(context, personalize=personalize, backlog=limits.backlog, on_overflow=self._give_up)
        self._conversation = Conversation(context, dispatcher, self._feed, in_flight=limits.in_flight)
        self._writing = asyncio.create_task(self._write())
        channel.bufferedAmountLowThreshold = _BUFFERED // 2
        channel.on("message", self._hear)
        channel.on("bufferedamountlow", self._drained.set)
        channel.on("close", self._give_up)

    async def aclose(self) -> None:
        """Ends what belongs to the channel, and waits; safe to repeat."""
        self._give_up()
        await asyncio.gather(self._writing, return_exceptions=True)
        await self._conversation.aclose()

    def _hear(self, message: str | bytes) -> None:
        self._conversation.hear(message)

    def _give_up(self) -> None:
        """A viewer too slow for its events loses the channel, and may come back by WebSocket with ``since``."""
        self._feed.close()
        self._writing.cancel()
        if self._channel.readyState == "open":
            self._channel.close()

    async def _write(self) -> None:
        while True:
            message = await self._feed.next()
            while self._channel.bufferedAmount > _BUFFERED:
                self._drained.clear()
                await self._drained.wait()
            if self._channel.readyState != "open":
                return
            self._channel.send(message)
