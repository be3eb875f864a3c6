"""The numbered event log of a run: one order for every viewer, and what a returning one has missed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from control.protocol.events import Event, Reply, envelope
from control.protocol.shape import Clock, rfc3339


@dataclass(frozen=True, slots=True)
class Entry:
    """Holds one event with its number."""

    seq: int
    at: str
    body: Event
    run_id: str

    def message(self) -> dict[str, Any]:
        """Returns the JSON object that is sent."""
        return envelope(self.body, run_id=self.run_id, seq=self.seq, at=self.at)


Listener = Callable[[Entry], None]


class EventLog:
    """Numbers events from 1 without gaps, keeps the newest ``keep`` of them, and publishes them to listeners in order.

    A listener is called from within ``append`` and must neither block nor raise. What a listener appends is published
    once all listeners have got the event before it.
    """

    def __init__(self, run_id: str, *, clock: Clock, keep: int = 2000) -> None:
        self.run_id = run_id
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=keep)
        self._listeners: list[Listener] = []
        self._unpublished: deque[Entry] = deque()
        self._publishing = False
        self.seq = 0
        """The newest event's number; 0 before the first."""

    def append(self, body: Event) -> Entry:
        """Numbers the event, publishes it, and returns it with its number."""
        self.seq += 1
        entry = Entry(self.seq, rfc3339(self._clock()), body, self.run_id)
        self._entries.append(entry)
        self._unpublished.append(entry)
        if not self._publishing:
            self._publish()
        return entry

    def since(self, seq: int) -> list[Entry] | None:
        """Returns the events after number ``seq``, in order; None where some are gone or ``seq`` was never reached."""
        if seq > self.seq or seq < self.seq - len(self._entries):
            return None
        return [entry for entry in self._entries if entry.seq > seq]

    def reply(self, body: Reply) -> dict[str, Any]:
        """Returns a message for one viewer, which carries the newest event's number."""
        return envelope(body, run_id=self.run_id, seq=self.seq, at=rfc3339(self._clock()))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls ``listener`` for every event from now on; the returned function ends that and may be called again."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def _publish(self) -> None:
        self._publishing = True
        try:
            while self._unpublished:
                entry = self._unpublished.popleft()
                for listener in tuple(self._listeners):
                    listener(entry)
        finally:
            self._publishing = False
