"""What the planner works from, and whether it is to be asked."""

from __future__ import annotations

from control.protocol.models import PlannerName


class Planning:
    """Holds the instructions with their version, and what is known of the planner's next answer."""

    def __init__(self, planner: PlannerName, instructions: str | None, *, looks_ahead: bool) -> None:
        """``looks_ahead``: the planner is cheap enough to ask while the run is paused."""
        self.planner: PlannerName = planner
        self.instructions = instructions
        self.version = 1
        """The version of the instructions: goes up whenever people change them."""
        self.exhausted = False
        """The planner has nothing left to propose."""
        self._looks_ahead = looks_ahead
        self._wanted_once = False
        """The planner is asked once though the run is paused: people want to see the effect of what has changed."""

    @property
    def wanted_while_paused(self) -> bool:
        """True where the planner is to be asked for a next step though the run is paused."""
        return not self.exhausted and (self._looks_ahead or self._wanted_once)

    def update(self, instructions: str) -> None:
        """Goes on from new instructions, as plain sentences where there was a script before."""
        self.instructions = instructions
        self.version += 1
        if self.planner == "script":
            self.planner = "plain"
        self.reconsider()

    def answered(self, *, exhausted: bool = False) -> None:
        """Notes that the planner was asked and has answered, perhaps that it has nothing left to propose."""
        self.exhausted = exhausted
        self._wanted_once = False

    def step_ended(self) -> None:
        """Lets the planner be asked again: a step may have changed what is left to propose."""
        self.exhausted = False

    def reconsider(self) -> None:
        """Voids the planner's last answer, and has it asked even while the run is paused."""
        self.exhausted = False
        self._wanted_once = True

    def show_next(self) -> None:
        """Has the planner asked even while the run is paused, so that people see what comes next."""
        self._wanted_once = True

    def rest(self) -> None:
        """Has the planner asked while the run is paused only where it looks ahead anyway."""
        self._wanted_once = False
