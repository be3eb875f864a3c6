"""One viewer: the picture going out by WebRTC, and control on its data channels."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from media.aio import CloseOnce, TaskSet
from media.errors import ChannelClosed, NoPortLeft, SdpRejected
from media.stream import LiveStream
from media.webrtc.data_channel import DataChannel
from media.webrtc.peer import Peer
from media.webrtc.sdp import Fragment, Offer
from signaling.access.authentication import RequestContext
from signaling.config import Config
from signaling.connections.conversation import Conversation, PointerMoveCoalescer
from signaling.connections.dispatcher import CommandDispatcher
from signaling.connections.feed import Feed, PersonalizeEvent
from signaling.problems import Problem
from signaling.watching.ice_servers import peer_configuration

logger = logging.getLogger(__name__)


def sdp_problem(error: SdpRejected) -> Problem:
    """Returns the 400 that says what is wrong with an offer or a fragment."""
    return Problem(400, str(error), code="invalid")


class WhepViewer:
    """Answers one offer, and lives until either side ends it or it has been silent for too long."""

    def __init__(
        self,
        context: RequestContext,
        *,
        config: Config,
        stream: LiveStream,
        dispatcher: CommandDispatcher,
        personalize: PersonalizeEvent,
        may_check: Callable[[], bool],
        on_gone: Callable[[], None],
    ) -> None:
        """
        Args:
            may_check: see `PeerConfiguration.may_check`.
            on_gone: called once when the connection has ended or failed by itself; `aclose` is still to be called.
        """
        self._context = context
        self._config = config
        self._stream = stream
        self._dispatcher = dispatcher
        self._personalize = personalize
        configuration = peer_configuration(config, may_check=may_check)
        self._peer = Peer(configuration, on_channel=self._on_channel, on_gone=on_gone)
        self._control: ControlChannel | None = None
        self._moves: PointerMoveCoalescer | None = None
        self._close_once = CloseOnce(self._close)

    async def answer(self, offer: Offer) -> str:
        """Returns the SDP answer, candidates included.

        Raises:
            Problem: 400 or 503; call `aclose` then, too.
            StreamClosed: there is no picture any more; call `aclose` then, too.
        """
        try:
            return await self._peer.answer(
                offer, self._stream.subscribe(offer.codec, viewer=self._context.actor.viewer_id)
            )
        except SdpRejected as error:
            raise sdp_problem(error) from error
        except NoPortLeft as error:
            raise Problem(503, f"{error}: see JUMPSEAT_ICE_PORTS", headers={"Retry-After": "5"}) from None

    async def add_candidates(self, fragment: Fragment) -> None:
        """Takes trickled candidates. Raises Problem 400 for one that cannot be used."""
        try:
            await self._peer.add_candidates(fragment)
        except SdpRejected as error:
            raise sdp_problem(error) from None

    async def aclose(self) -> None:
        """Says BYE, ends the connection, and waits; safe to repeat."""
        await self._close_once()

    async def _close(self) -> None:
        if self._control is not None:
            await self._control.aclose()
        if self._moves is not None:
            await self._moves.aclose()
        await self._peer.aclose()

    def _on_channel(self, channel: DataChannel) -> None:
        if channel.label == "test-control" and self._control is None:
            self._control = ControlChannel(
                channel, self._context, dispatcher=self._dispatcher, personalize=self._personalize, config=self._config
            )
        elif channel.label == "test-input" and self._moves is None:
            self._moves = PointerMoveCoalescer(self._context, self._dispatcher)
            channel.on_message(self._moves.put)
        else:
            channel.close()


class ControlChannel:
    """The data channel ``test-control``: events and commands, as on the WebSocket."""

    def __init__(
        self,
        channel: DataChannel,
        context: RequestContext,
        *,
        dispatcher: CommandDispatcher,
        personalize: PersonalizeEvent,
        config: Config,
    ) -> None:
        limits = config.limits
        self._channel = channel
        self._feed = Feed(context, personalize=personalize, backlog=limits.backlog, on_overflow=self._give_up)
        self._conversation = Conversation(context, dispatcher, self._feed, in_flight=limits.in_flight)
        self._tasks = TaskSet(logger)
        self._writing = self._tasks.spawn(self._write())
        channel.on_message(self._conversation.on_message)
        channel.on_close(self._give_up)

    async def aclose(self) -> None:
        """Ends what belongs to the channel, and waits; safe to repeat."""
        self._give_up()
        await self._tasks.aclose()
        await self._conversation.aclose()

    def _give_up(self) -> None:
        """A viewer too slow for its events loses the channel, and may come back by WebSocket with ``since``."""
        self._feed.close()
        self._writing.cancel()
        self._channel.close()

    async def _write(self) -> None:
        """A message that cannot be sent ends the channel: over the WebSocket it comes whatever its length."""
        with suppress(ChannelClosed):
            while True:
                await self._channel.send(await self._feed.next())
        self._feed.close()
        self._channel.close()
