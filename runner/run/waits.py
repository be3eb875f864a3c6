"""What a run waits for: a model that chooses, or an element that cannot be used yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

from control.protocol import events as e
from control.protocol.shape import Clock
from runner.planners.base import ModelUsage, Planner


@runtime_checkable
class Metered(Protocol):
    """A planner that takes its time, and counts what it uses."""

    @property
    def usage(self) -> ModelUsage: ...


class Waits:
    """Reports what is waited for, each change once."""

    def __init__(self, publish: Callable[[e.Waiting], None], clock: Clock) -> None:
        self._publish = publish
        self._clock = clock
        self.current: e.Waiting | None = None
        """What is waited for now."""

    @contextmanager
    def for_planner(self, planner: Planner) -> Iterator[None]:
        """Reports a planner that takes its time as long as it is asked."""
        if not isinstance(planner, Metered):
            yield
            return
        usage = planner.usage
        self._report(e.Waiting(subject="model", since=self._clock(), tokens=usage.tokens, cost=usage.cost))
        try:
            yield
        finally:
            self._report(None)

    def for_element(self, reason: str | None) -> None:
        """Reports why an element cannot be used yet; None where nothing is waited for any more."""
        current = self.current
        if reason is None:
            self._report(None)
        elif current is None or current.reason != reason:
            since = current.since if current else self._clock()
            self._report(e.Waiting(subject="element", since=since, reason=reason))

    def _report(self, waiting: e.Waiting | None) -> None:
        if waiting != self.current:
            self.current = waiting
            self._publish(waiting or e.Waiting(subject=None))
