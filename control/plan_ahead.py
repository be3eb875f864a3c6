"""What is planned ahead, and where in it people want the run to pause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from control.detour import Detour
from control.errors import InvalidTransition, NotFound, Unsupported
from control.event_log import EventLog
from control.pacing import Pacing
from control.planning import Planning
from control.protocol.commands import RunTo, SetBreakpoint
from control.protocol.events import PlanChanged
from control.protocol.models import PlannedStep, PlanPosition, PlanView
from control.step_history import StepHistory

MAX_SHOWN = 200
"""Entries that are shown at once; what comes after them is shown when the run has come nearer to it."""
_REFILL = 100
MAX_BREAKPOINTS = 100


class PlanAhead:
    """Holds the entries of the plan and the breakpoints among them, pauses the run there, and publishes both.

    A breakpoint belongs to an entry's words: where the plan is replaced it stays with the entry that says the same, the
    second of two with the second, and is reported as lost where there is none.
    """

    def __init__(
        self,
        log: EventLog,
        history: StepHistory,
        planning: Planning,
        pacing: Pacing,
        detour: Detour,
        *,
        pause_before: int | None,
    ) -> None:
        """``pause_before``: the index of an entry that the run pauses before once."""
        self._log = log
        self._history = history
        self._planning = planning
        self._pacing = pacing
        self._detour = detour
        self._version: int | None = None
        """The version of the instructions that the entries are of; None before there are any."""
        self._entries: Sequence[PlannedStep] | None = None
        self._breakpoints: set[int] = set()
        self._run_to = pause_before
        self._paused_at: int | None = None
        self._passed: int | None = None
        """The entry that the run was let go on to: its own breakpoint holds it up no more."""
        self._shown_to = 0
        """The index behind the last entry that was published."""
        self._published: PlanPosition | None = None
        self._ended = False

    @property
    def wanted(self) -> bool:
        """True while it is not known what the instructions come to, and no step in flight may change that."""
        return self._outdated and self._history.in_flight is None and not self._ended

    def view(self) -> PlanView | None:
        """Returns what is planned ahead; None where nothing is, and after the end."""
        if self._entries is None:
            return None
        return PlanView(**dict(self._position()), entries=self._shown())

    def follow(self, entries: Iterable[PlannedStep] | None) -> None:
        """Takes what is planned from here by the present instructions; None: the planner plans one step at a time."""
        before, self._entries = self._entries, None if entries is None else tuple(entries)
        lost = self._carry_over(before) if before is not None else ()
        self._version = self._planning.version
        if self._entries is not None or before is not None:
            self._publish(anew=True, lost=lost)

    def apply(self, command: SetBreakpoint | RunTo, *, paused: bool) -> None:
        """Raises NotFound for an entry that is not to come, Unsupported, or InvalidTransition."""
        self._require_entry(command.index)
        match command:
            case SetBreakpoint(on=False):
                self._breakpoints.discard(command.index)
            case SetBreakpoint():
                if len(self._breakpoints | {command.index}) > MAX_BREAKPOINTS:
                    raise InvalidTransition(f"{MAX_BREAKPOINTS} breakpoints are set already: remove one of them")
                self._breakpoints.add(command.index)
            case RunTo():
                if paused and command.index == self._next:
                    raise InvalidTransition("the run is there already")
                self._run_to = command.index
        if self._passed == command.index:
            self._passed = None

    def leave(self) -> None:
        """Lets the run go on from where it is paused: a breakpoint right there holds it up no more."""
        if self._history.in_flight is None:
            self._passed = self._next

    def stop_running_to(self) -> None:
        """Gives up the entry that was run to: people want the run to pause elsewhere."""
        self._run_to = None

    def settle(self) -> None:
        """Pauses the run where it has come to a breakpoint, and publishes where it stands, where that has changed."""
        if self._entries is None:
            return
        if self._arrived and self._passed != self._next and self._next in {self._run_to, *self._breakpoints}:
            self._pacing.pause()
            self._paused_at, self._run_to = self._next, None
        self._forget_past()
        position = self._position()
        few = self._shown_to - position.next < _REFILL and self._shown_to < position.end
        gone = position.end < self._shown_to
        if few or gone or position != self._published:
            self._publish(anew=few or gone)

    def end(self) -> None:
        """Plans nothing any more: the run is over."""
        self._entries = None
        self._ended = True

    @property
    def _next(self) -> int:
        return self._history.next_entry

    @property
    def _outdated(self) -> bool:
        """True while the instructions are newer than the entries: nothing is shown to come then."""
        return self._version != self._planning.version

    @property
    def _arrived(self) -> bool:
        """True where the next thing to do is an entry, and nothing but a breakpoint keeps the run from it."""
        between = self._history.in_flight is None and self._history.consumed == self._next and not self._detour.active
        return between and not self._outdated and not self._pacing.pause_requested

    def _forget_past(self) -> None:
        self._breakpoints = {index for index in self._breakpoints if index >= self._next}
        if self._run_to is not None and self._run_to < self._next:
            self._run_to = None
        if self._paused_at != self._next or not self._pacing.pause_requested:
            self._paused_at = None

    def _shown(self) -> tuple[PlannedStep, ...]:
        entries = () if self._outdated or self._entries is None else self._entries
        begin = max(0, self._next - entries[0].index) if entries else 0
        return tuple(entries[begin : begin + MAX_SHOWN])

    def _position(self) -> PlanPosition:
        if self._outdated or not self._entries:
            return PlanPosition(next=self._next, end=self._next)
        return PlanPosition(
            next=self._next,
            end=max(self._next, self._entries[-1].index + 1),
            breakpoints=tuple(sorted(self._breakpoints)),
            run_to=self._run_to,
            paused_at=self._paused_at,
        )

    def _publish(self, *, anew: bool, lost: tuple[PlannedStep, ...] = ()) -> None:
        self._published = self._position()
        entries = self._shown() if anew else None
        if entries is not None:
            self._shown_to = entries[-1].index + 1 if entries else self._next
        self._log.append(PlanChanged(**dict(self._published), entries=entries, lost=lost))

    def _require_entry(self, index: int) -> None:
        if self._outdated:
            raise InvalidTransition("the plan is being made: try again in a moment")
        if self._entries is None:
            raise Unsupported("this run is planned one step at a time: pause it, or let it do single steps")
        if not self._next <= index < self._position().end:
            raise NotFound(f"the plan has no entry {index} that is still to come")

    def _carry_over(self, before: Sequence[PlannedStep]) -> tuple[PlannedStep, ...]:
        """Moves breakpoints to the entries that say the same now; returns the entries that have lost theirs."""
        places = {key: entry.index for key, entry in self._by_words(self._entries or ())}
        moved = {entry.index: places[key] for key, entry in self._by_words(before) if key in places}
        stops = {self._run_to, *self._breakpoints}
        self._breakpoints = {moved[index] for index in self._breakpoints if index in moved}
        self._run_to = _moved(self._run_to, moved)
        self._passed = _moved(self._passed, moved)
        self._paused_at = _moved(self._paused_at, moved)
        return tuple(entry for entry in before if entry.index in stops and entry.index not in moved)

    def _by_words(self, entries: Iterable[PlannedStep]) -> Iterable[tuple[tuple[str, int], PlannedStep]]:
        """Yields the entries that are to come, each with its words and how many before it say the same."""
        seen: Counter[str] = Counter()
        for entry in entries:
            if entry.index >= self._next:
                yield (entry.words, seen[entry.words]), entry
                seen[entry.words] += 1


def _moved(entry: int | None, moved: Mapping[int, int]) -> int | None:
    return None if entry is None else moved.get(entry)
