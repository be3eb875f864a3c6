"""A step that people put before the plan's own, and what waits until it is over."""

from __future__ import annotations

from dataclasses import dataclass

from control.diagnosis import Diagnosis


@dataclass(slots=True)
class Detour:
    """Holds whether what is done, or has failed, is none of the plan's entries."""

    active: bool = False
    put_off: Diagnosis | None = None
    """What the run was stuck at when the detour began."""

    def begin(self, stuck: Diagnosis | None) -> None:
        """Begins, or goes on in place of a step of it that has failed."""
        if not self.active:
            self.put_off = stuck
        self.active = True

    def end(self) -> Diagnosis | None:
        """Returns what the run was stuck at, now to be tried again; None where no step had failed."""
        put_off = self.put_off
        self.active, self.put_off = False, None
        if put_off is None or put_off.failed_step is None:
            return None
        put_off.restart()
        put_off.retry = True
        return put_off

    def forget(self, *, in_flight: bool) -> None:
        """Gives up what was put off; a step in flight stays none of the plan's."""
        self.active, self.put_off = self.active and in_flight, None
