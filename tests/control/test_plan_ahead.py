"""What is planned ahead, breakpoints in it, and what becomes of both; by the run's commands and events alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.errors import Forbidden, InvalidTransition, NotFound, Refused, Unsupported
from control.next_action import Diagnose, Perform, Plan
from control.plan_ahead import MAX_BREAKPOINTS, MAX_SHOWN
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import Mode, PlannedStep, PlanView, RunStatus
from tests.control.run_scenarios import ADA, FAILED, SKIPPED, VIEWER, RunScenario
from tests.fuzz.example_budget import inputs

WORDS = ("Open", "Click", "Pay", "Check", "Leave")


class PlannedScenario(RunScenario):
    """A run whose planner knows its entries ahead; like the session's, it tells them whenever the run wants them."""

    def __init__(self, words: Sequence[str] = WORDS, *, mode: Mode = "auto", pause_before: int | None = None) -> None:
        super().__init__(len(words), mode=mode, pause_before=pause_before)
        self.words = tuple(words)
        self.let_go: int | None = None
        """The entry that people have let the run go on to."""

    def open(self) -> PlannedScenario:
        super().open()
        self.look_ahead()
        return self

    def look_ahead(self) -> None:
        if self.run.plan_ahead.wanted:
            left = self.words[len(self.words) - self.remaining :]
            first = self.run.consumed
            self.run.look_ahead([PlannedStep(index=first + at, words=word) for at, word in enumerate(left)])

    def rewrite(self, words: Sequence[str]) -> None:
        """New instructions, none of which is done yet."""
        self.words = tuple(words)
        self.instruct(length=len(words))

    def stop_before(self, index: int, *, on: bool = True) -> None:
        self.send(c.SetBreakpoint(index=index, on=on))

    @property
    def ahead(self) -> PlanView:
        found = self.run.view().plan
        assert found is not None
        return found

    @property
    def told(self) -> list[e.PlanChanged]:
        return [entry.body for entry in self.published if isinstance(entry.body, e.PlanChanged)]

    def to_come(self) -> list[str]:
        return [entry.words for entry in self.ahead.entries]


def test_what_is_to_come_is_known_to_all_and_to_no_list() -> None:
    scenario = PlannedScenario().open()
    assert scenario.to_come() == list(WORDS)
    assert (scenario.ahead.next, scenario.ahead.end) == (0, 5)
    assert scenario.run.view(with_steps=False).plan is None
    scenario.begin()
    assert scenario.to_come() == list(WORDS[1:])
    scenario.run.end_step(FAILED, error="it is not there")
    assert scenario.to_come() == list(WORDS[1:])


def test_its_entries_are_told_once() -> None:
    scenario = PlannedScenario().open()
    scenario.do()
    scenario.do()
    assert [told.entries is not None for told in scenario.told] == [True, False, False]
    assert [told.next for told in scenario.told] == [0, 1, 2]


def test_it_is_gone_with_the_run() -> None:
    scenario = PlannedScenario().open()
    scenario.run.cancel()
    assert scenario.run.view().plan is None
    assert scenario.kinds[-1] == "run_finished"


def test_a_run_that_is_over_wants_none() -> None:
    scenario = PlannedScenario()
    assert scenario.run.plan_ahead.wanted
    scenario.run.cancel()
    assert not scenario.run.plan_ahead.wanted


def test_the_run_pauses_before_a_breakpoint_and_says_so() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(1)
    scenario.do()
    assert (scenario.status(), scenario.ahead.paused_at) == (RunStatus.PAUSED, 1)
    assert scenario.kinds[-2:] == ["plan_changed", "run_state"]
    scenario.send(c.Resume())
    assert (scenario.status(), scenario.ahead.paused_at) == (RunStatus.RUNNING, None)
    scenario.do()
    scenario.do()
    assert (scenario.status(), scenario.ahead.breakpoints) == (RunStatus.RUNNING, ())


def test_one_that_is_removed_holds_nothing_up() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(1)
    scenario.stop_before(1, on=False)
    scenario.do()
    assert scenario.status() is RunStatus.RUNNING
    assert [told.breakpoints for told in scenario.told] == [(), (1,), (), ()]


def test_one_that_is_set_twice_is_set_once() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(2)
    told = len(scenario.told)
    scenario.stop_before(2)
    assert (scenario.ahead.breakpoints, len(scenario.told)) == ((2,), told)


def test_one_right_here_pauses_at_once() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(0)
    assert (scenario.status(), scenario.ahead.paused_at) == (RunStatus.PAUSED, 0)


def test_a_run_that_stands_at_one_by_itself_goes_on_from_it() -> None:
    scenario = PlannedScenario().open()
    scenario.send(c.Pause())
    scenario.stop_before(0)
    assert scenario.ahead.paused_at is None
    scenario.send(c.Resume())
    assert scenario.status() is RunStatus.RUNNING


def test_a_pause_and_resume_during_a_step_skip_no_breakpoint() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(1)
    scenario.begin()
    scenario.send(c.Pause())
    scenario.send(c.Resume())
    scenario.run.end_step(SKIPPED)
    assert scenario.ahead.paused_at == 1


def test_single_steps_go_through_breakpoints_one_at_a_time() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(1)
    scenario.stop_before(2)
    scenario.do()
    scenario.send(c.StepOnce())
    scenario.do()
    assert scenario.status() is RunStatus.PAUSED
    scenario.send(c.StepOnce())
    scenario.do()
    assert (len(scenario.run.steps), scenario.status()) == (3, RunStatus.PAUSED)


def test_run_to_goes_on_from_a_pause_and_pauses_there_once() -> None:
    scenario = PlannedScenario().open()
    scenario.send(c.Pause())
    scenario.send(c.RunTo(index=2))
    assert (scenario.status(), scenario.ahead.run_to) == (RunStatus.RUNNING, 2)
    scenario.do()
    scenario.do()
    assert (scenario.status(), scenario.ahead.paused_at, scenario.ahead.run_to) == (RunStatus.PAUSED, 2, None)
    scenario.send(c.Resume())
    scenario.do()
    assert scenario.status() is RunStatus.RUNNING


@pytest.mark.parametrize("command", [c.Pause(), c.StepOnce()], ids=["pause", "step"])
def test_who_pauses_elsewhere_gives_it_up(command: c.Command) -> None:
    scenario = PlannedScenario().open()
    scenario.send(c.RunTo(index=2))
    scenario.send(command)
    assert scenario.ahead.run_to is None


def test_an_entry_that_is_skipped_to_is_run_to_no_more() -> None:
    scenario = PlannedScenario().open()
    scenario.send(c.RunTo(index=1))
    scenario.begin()
    scenario.run.end_step(FAILED, error="it is not there")
    scenario.send(c.SkipStep())
    where = [scenario.ahead]
    scenario.stop_before(3)
    scenario.plan()
    scenario.send(c.SkipStep())
    where.append(scenario.ahead)
    assert [(ahead.paused_at, ahead.next) for ahead in where] == [(1, 1), (None, 2)]


def test_what_cannot_be_is_refused_and_changes_nothing() -> None:
    scenario = PlannedScenario().open()
    scenario.do()
    for index in (0, 5, 99):
        with pytest.raises(NotFound, match="still to come"):
            scenario.stop_before(index)
        with pytest.raises(NotFound, match="still to come"):
            scenario.send(c.RunTo(index=index))
    scenario.send(c.Pause())
    with pytest.raises(InvalidTransition, match="there already"):
        scenario.send(c.RunTo(index=1))
    scenario.take()
    scenario.stop_before(3)
    with pytest.raises(InvalidTransition, match="Ada holds control"):
        scenario.send(c.RunTo(index=3))
    with pytest.raises(Forbidden):
        scenario.send(c.SetBreakpoint(index=3, on=True), VIEWER)
    assert scenario.ahead.breakpoints == (3,)


def test_before_the_page_is_open_there_is_no_plan() -> None:
    with pytest.raises(InvalidTransition, match="cannot set a breakpoint while the run is queued"):
        PlannedScenario().stop_before(0)


def test_a_run_that_is_planned_one_step_at_a_time_has_none() -> None:
    scenario = RunScenario().open()
    scenario.run.look_ahead(None)
    assert scenario.run.view().plan is None
    assert "plan_changed" not in scenario.kinds
    with pytest.raises(Unsupported, match="one step at a time"):
        scenario.send(c.SetBreakpoint(index=0, on=True))


def test_there_are_only_so_many() -> None:
    scenario = PlannedScenario([f"Click {number}" for number in range(MAX_BREAKPOINTS + 1)]).open()
    for index in range(1, MAX_BREAKPOINTS + 1):
        scenario.stop_before(index)
    with pytest.raises(InvalidTransition, match="remove one of them"):
        scenario.stop_before(0)
    assert len(scenario.ahead.breakpoints) == MAX_BREAKPOINTS


def test_an_override_in_place_of_an_entry_waits_at_its_breakpoint() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(1)
    scenario.begin()
    scenario.override("other")
    scenario.run.end_step(SKIPPED)
    assert scenario.ahead.paused_at == 1
    scenario.send(c.Resume())
    scenario.do()
    assert (scenario.run.steps[-1].target, scenario.ahead.next) == ("#other", 2)


def test_an_override_before_an_entry_leaves_the_entry_to_come() -> None:
    scenario = PlannedScenario().open()
    scenario.override("first", "before")
    scenario.do()
    assert scenario.ahead.next == 0
    scenario.do()
    assert [step.plan_index for step in scenario.run.steps] == [0, 0]


def test_control_that_ends_leaves_the_run_at_the_breakpoint_it_came_to() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(1)
    scenario.begin()
    scenario.take()
    scenario.run.end_step(SKIPPED, error="interrupted")
    assert scenario.ahead.paused_at == 1
    scenario.send(c.ReleaseControl())
    assert scenario.status() is RunStatus.PAUSED


def test_in_review_the_step_behind_one_waits_for_approval_as_ever() -> None:
    scenario = PlannedScenario(mode="review").open()
    scenario.stop_before(0)
    scenario.send(c.Resume())
    proposal = scenario.plan()
    assert not isinstance(scenario.run.next_action(), Perform)
    scenario.send(c.ApproveStep(proposal_id=proposal.proposal_id))
    assert isinstance(scenario.run.next_action(), Perform)


def test_a_new_run_may_pause_before_an_entry_from_its_beginning() -> None:
    scenario = PlannedScenario(pause_before=2).open()
    assert scenario.ahead.run_to == 2
    scenario.do()
    scenario.do()
    assert (scenario.status(), scenario.ahead.paused_at) == (RunStatus.PAUSED, 2)


def test_steps_know_what_they_were_done_for() -> None:
    scenario = PlannedScenario().open()
    scenario.do()
    scenario.do(FAILED)
    scenario.retry()
    scenario.do()
    scenario.take()
    scenario.run.record_human_step(scenario.idea("by-hand").action)
    assert [step.plan_index for step in scenario.run.steps] == [0, 1, 2]


# New instructions


def test_breakpoints_stay_with_what_they_were_set_on() -> None:
    scenario = PlannedScenario().open()
    scenario.do()
    scenario.stop_before(2)
    scenario.stop_before(4)
    scenario.rewrite(["Wait", "Pay", "Go"])
    scenario.look_ahead()
    assert scenario.to_come() == ["Wait", "Pay", "Go"]
    assert (scenario.ahead.next, scenario.ahead.breakpoints) == (1, (2,))
    assert [entry.words for entry in scenario.told[-1].lost] == ["Leave"]


def test_of_two_that_say_the_same_the_second_stays_the_second() -> None:
    scenario = PlannedScenario(["Click", "Click", "Click"]).open()
    scenario.stop_before(1)
    scenario.rewrite(["Wait", "Click", "Wait", "Click"])
    scenario.look_ahead()
    assert scenario.ahead.breakpoints == (3,)


def test_what_is_run_to_and_edited_away_is_told_too() -> None:
    scenario = PlannedScenario().open()
    scenario.send(c.RunTo(index=3))
    scenario.rewrite(["Open", "Leave"])
    scenario.look_ahead()
    assert (scenario.ahead.run_to, [entry.words for entry in scenario.told[-1].lost]) == (None, ["Check"])


def test_a_run_that_is_paused_at_one_stays_so_where_it_is_still_there() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(1)
    scenario.do()
    scenario.rewrite(["Click", "Pay twice"])
    scenario.look_ahead()
    where = [scenario.ahead.paused_at]
    scenario.rewrite(["Press", "Pay twice"])
    scenario.look_ahead()
    where.append(scenario.ahead.paused_at)
    assert where == [1, None]
    assert scenario.status() is RunStatus.PAUSED


def test_while_a_step_may_still_change_the_plan_nothing_stops_and_nothing_is_set() -> None:
    scenario = PlannedScenario().open()
    scenario.stop_before(1)
    scenario.begin()
    scenario.rewrite(["Leave"])
    assert not scenario.run.plan_ahead.wanted
    assert scenario.to_come() == []
    with pytest.raises(InvalidTransition, match="try again in a moment"):
        scenario.stop_before(2)
    scenario.run.end_step(SKIPPED)
    assert scenario.status() is RunStatus.RUNNING
    assert scenario.run.plan_ahead.wanted


# Long plans


def test_of_a_long_plan_the_next_ones_are_told_and_more_in_time() -> None:
    words = [f"Click {number}" for number in range(2 * MAX_SHOWN)]
    scenario = PlannedScenario(words).open()
    assert len(scenario.ahead.entries) == MAX_SHOWN
    assert scenario.ahead.end == len(words)
    while scenario.run.consumed < MAX_SHOWN + 5:
        scenario.do()
    told = [told.entries for told in scenario.told if told.entries is not None]
    assert len(told) == 3
    assert max(len(entries) for entries in told) == MAX_SHOWN
    assert told[1][0].index <= MAX_SHOWN // 2 + 1


# Whatever happens


def followed(scenario: PlannedScenario) -> PlanView | None:
    """The plan as a client knows it that has only read the events."""
    known: PlanView | None = None
    for told in scenario.told:
        entries = told.entries if told.entries is not None else known.entries if known else ()
        position = {name: getattr(told, name) for name in ("next", "end", "breakpoints", "run_to", "paused_at")}
        known = PlanView(**position, entries=tuple(entry for entry in entries if entry.index >= told.next))
    return known


COMMANDS: list[c.Command] = [
    *(c.SetBreakpoint(index=index, on=on) for index in range(6) for on in (True, True, False)),
    *(c.RunTo(index=index) for index in range(6)),
    *(c.Pause(), c.Resume(), c.Resume(), c.StepOnce(), c.SkipStep(), c.TakeControl(), c.ReleaseControl()),
]
ENDS = [SKIPPED, SKIPPED, FAILED]
DEEDS = st.lists(st.sampled_from([*COMMANDS, "work", "work", "work", "override", "rewrite"]), max_size=60)


def work(scenario: PlannedScenario, number: int) -> None:
    """Does the next thing that the run wants done, and never an entry that it is to pause before."""
    run = scenario.run
    scenario.look_ahead()
    if run.in_flight:
        run.end_step(ENDS[number % 3], error="it is over")
        return
    match run.next_action():
        case Plan() if scenario.remaining:
            scenario.plan()
        case Perform(proposal):
            ahead, stops = run.history.next_entry, run.view().plan
            assert stops is not None
            if ahead == run.consumed:
                assert stops.run_to != ahead
                assert ahead not in stops.breakpoints or scenario.let_go == ahead
            run.begin_step(proposal)
        case Diagnose():
            run.ask_help("the button is gone")


@inputs(150)
@given(deeds=DEEDS)
def test_no_breakpoint_is_passed_unasked_and_events_say_it_all(deeds: list[c.Command | str]) -> None:
    scenario = PlannedScenario().open()
    scenario.run.join(ADA)
    for number, deed in enumerate(deeds):
        if deed == "work":
            work(scenario, number)
        elif deed == "override":
            scenario.override(f"other-{number}")
        elif deed == "rewrite":
            scenario.rewrite([*WORDS[number % 3 :], f"New {number}"])
            scenario.base += scenario.run.in_flight is not None
        elif isinstance(deed, c.Command):
            try:
                scenario.send(deed)
            except Refused:
                continue
            if deed.type in {"resume", "step", "run_to"}:
                scenario.let_go = scenario.run.history.next_entry
        assert followed(scenario) == scenario.run.view().plan
