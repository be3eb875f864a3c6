"""The outgoing queue of one connection: a hello or the missed events, then every event in order, and replies."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from control.event_log import Entry
from control.protocol.events import Ack, Event, Reply, envelope
from signaling.access.authentication import RequestContext

PersonalizeEvent = Callable[[Event], Event]
"""Returns the event with what differs from viewer to viewer filled in."""


class Feed:
    """Queues the outgoing messages of one connection, up to a limit.

    The first message is `Hello`, unless ``since`` names an event after which the log still has all others.
    """

    def __init__(
        self,
        context: RequestContext,
        *,
        personalize: PersonalizeEvent,
        since: int | None = None,
        backlog: int,
        on_overflow: Callable[[], None],
    ) -> None:
        """
        Args:
            personalize: applied to every event on its way out.
            since: the number of the last event that the client has received; None sends `Hello`.
            backlog: how many messages may wait.
            on_overflow: called once when more would have to wait; nothing is queued from then on.
        """
        self._context = context
        self._personalize = personalize
        self._backlog = backlog
        self._on_overflow: Callable[[], None] | None = on_overflow
        self._queue: deque[Entry | dict[str, Any]] = deque()
        self._ready = asyncio.Event()
        missed = context.run.log.since(since) if since is not None else None
        if missed is None:
            self.reply(self._context.run.hello(self._context.actor))
        else:
            self._queue.extend(missed)
            self._ready.set()
        self._unsubscribe = context.run.log.listen(self._put)

    def reply(self, body: Reply) -> None:
        """Queues an answer to this connection alone; a plain acknowledgement without an id is left out."""
        if not (isinstance(body, Ack) and body.id is None):
            self._put(self._context.run.log.reply(body))

    async def next(self) -> str:
        """Waits for the next message, and returns it as JSON text."""
        while not self._queue:
            self._ready.clear()
            await self._ready.wait()
        item = self._queue.popleft()
        message = item if isinstance(item, dict) else self._message(item)
        return json.dumps(message, separators=(",", ":"), ensure_ascii=False)

    def close(self) -> None:
        """Stops listening to the run and drops what waits; safe to repeat."""
        self._unsubscribe()
        self._queue.clear()

    def _put(self, item: Entry | dict[str, Any]) -> None:
        if len(self._queue) >= self._backlog:
            self._overflow()
            return
        self._queue.append(item)
        self._ready.set()

    def _overflow(self) -> None:
        self._unsubscribe()
        on_overflow, self._on_overflow = self._on_overflow, None
        if on_overflow is not None:
            on_overflow()

    def _message(self, entry: Entry) -> dict[str, Any]:
        return envelope(self._personalize(entry.body), run_id=entry.run_id, seq=entry.seq, at=entry.at)
