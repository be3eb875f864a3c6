"""The step history: steps, and what is still planned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from control.errors import NotFound
from control.protocol.actions import Action, ActionType
from control.protocol.models import Source
from control.step_history import StepHistory
from tests.control.run_scenarios import FAILED, PASSED, SKIPPED, FakeClock, click


def begun(remaining: int | None = 3) -> tuple[StepHistory, FakeClock]:
    clock = FakeClock()
    history = StepHistory(clock=clock)
    history.expect(remaining)
    history.begin(click("a"), source=Source.PLAN, version=1)
    return history, clock


def test_a_step_takes_its_time() -> None:
    history, clock = begun()
    clock.pass_by(timedelta(milliseconds=1500))
    assert history.close(PASSED, None).duration_ms == 1500
    assert history.in_flight is None


def test_a_clock_that_goes_back_makes_no_negative_time() -> None:
    history, clock = begun()
    clock.pass_by(timedelta(seconds=-5))
    assert history.close(PASSED, None).duration_ms == 0


def test_a_fact_that_is_given_wins_over_what_was_measured() -> None:
    history, _ = begun()
    step = history.close(FAILED, "it is not there", duration_ms=7, url="https://shop.example/cart")
    assert (step.duration_ms, step.url, step.error) == (7, "https://shop.example/cart", "it is not there")


@pytest.mark.parametrize(
    ("action", "target", "value"),
    [
        (click("a"), "#a", None),
        (Action(type=ActionType.NAVIGATE, value="/cart"), "/cart", "/cart"),
        (Action(type=ActionType.TYPE, selector="#name", value=""), "#name", ""),
        (Action(type=ActionType.WAIT, value=250), "250", "250"),
        (Action(type=ActionType.BACK), None, None),
    ],
)
def test_an_action_stands_in_its_step(action: Action, target: str | None, value: str | None) -> None:
    step = StepHistory(clock=FakeClock()).record(action, SKIPPED, source=Source.PLAN, version=1)
    assert (step.action, step.target, step.value, step.full_action) == (action.type, target, value, action)


def test_the_total_is_steady_from_proposal_to_end() -> None:
    history, _ = begun(3)
    totals = [history.total]
    history.close(FAILED, "it is not there")
    totals.append(history.total)
    history.begin_again(1)
    totals.append(history.total)
    history.close(PASSED, None)
    history.settle_entry()
    totals.append(history.total)
    history.expect(2)
    assert [*totals, history.total] == [3] * 5
    assert history.steps[0].attempts == 2


def test_a_second_step_for_the_same_entry_is_one_more() -> None:
    history, _ = begun(3)
    history.close(FAILED, "it is not there")
    history.begin(click("b"), source=Source.OVERRIDE, version=1)
    assert history.total == 4
    history.close(PASSED, None)
    history.settle_entry()
    assert (history.total, history.consumed) == (4, 1)


def test_more_is_done_than_was_planned() -> None:
    history, _ = begun(0)
    assert history.total == 1


def test_a_plan_of_unknown_length_has_no_total() -> None:
    history, _ = begun(None)
    assert history.total is None
    history.expect(2)
    assert history.total == 2


def test_an_entry_that_is_skipped_is_planned_no_more() -> None:
    history = StepHistory(clock=FakeClock())
    history.expect(3)
    history.settle_entry()
    assert (history.total, history.consumed) == (2, 1)


def test_the_current_step() -> None:
    history, _ = begun()
    history.record(click("b"), PASSED, source=Source.HUMAN, version=1)
    assert history.current == 1
    history.close(PASSED, None)
    assert history.current == 2
    assert history.next_number == 3


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_a_step_that_is_not_there(number: int) -> None:
    history, _ = begun()
    with pytest.raises(NotFound, match=f"there is no step {number}; the run has 1 so far"):
        history.get(number)
    with pytest.raises(NotFound):
        history.amend(number, url=None)


def test_steps_that_failed_and_were_gone_past_are_counted() -> None:
    history, _ = begun()
    history.close(FAILED, None)
    assert history.overcome == 0  # nobody knows yet what becomes of it
    history.begin(click("b"), source=Source.OVERRIDE, version=1)
    history.settle_entry(by=history.close(PASSED, None))
    assert history.overcome == 1
    history.begin(click("c"), source=Source.PLAN, version=1)
    history.close(FAILED, None)
    history.settle_entry()
    assert history.overcome == 2


def test_a_step_that_passed_at_last_did_not_fail() -> None:
    history, _ = begun()
    history.close(FAILED, None)
    history.begin_again(1)
    history.settle_entry(by=history.close(PASSED, None))
    assert history.overcome == 0
    history.begin(click("b"), source=Source.PLAN, version=1)
    history.close(FAILED, None)
    history.begin(click("human"), source=Source.HUMAN, version=1)
    history.close(PASSED, None)
    history.begin(click("b"), source=Source.PLAN, version=1)
    history.settle_entry(by=history.close(PASSED, None))
    assert history.overcome == 0
