"""The script planner."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from control.protocol.actions import Action, ActionType
from runner.browser.file_payload import payload
from runner.driver import StepFailed
from runner.planners.base import Failure, Repair
from runner.planners.plain import PlainPlanner
from runner.planners.script import ScriptPlanner
from tests.runner.planners.planner_harness import NO_PAGE, Showing, failed, task

ACTIONS = (
    Action(type=ActionType.NAVIGATE, value="http://shop.test/cart"),
    Action(type=ActionType.CLICK, selector='role=button[name="Checkout"]'),
)


async def test_actions_come_in_order_and_end() -> None:
    planner = ScriptPlanner(ACTIONS)
    assert planner.remaining(task()) == 2
    ideas = [await planner.propose(task(consumed=consumed), NO_PAGE) for consumed in range(4)]
    assert [idea and (idea.action, idea.remaining) for idea in ideas] == [(ACTIONS[0], 2), (ACTIONS[1], 1), None, None]
    assert [idea and idea.description for idea in ideas[:2]] == [
        "Go to http://shop.test/cart",
        "Click button 'Checkout'",
    ]


def test_what_is_to_come_is_known_ahead() -> None:
    planner = ScriptPlanner(ACTIONS)
    words = [[entry.words for entry in planner.plan(task(consumed=consumed))] for consumed in range(4)]
    assert words == [["Go to http://shop.test/cart", "Click button 'Checkout'"], ["Click button 'Checkout'"], [], []]


@pytest.mark.parametrize(
    ("reason", "url", "retried"),
    [("did not load within 15 s", "", True), ("no such host is known", "", False), ("no such host", "http://x/", True)],
)
async def test_what_has_no_selector_is_retried_where_it_may_pass(
    reason: str, url: str, retried: bool, showing: Showing
) -> None:
    async with showing("<p>x</p>") as driver:
        failure = failed(ACTIONS[0], "Go to /cart", reason=reason, url=url or driver.url)
        repair = await ScriptPlanner(ACTIONS).repair(task(), driver, failure)
        assert (repair.retry is not None) is retried


async def test_what_a_person_wants_is_tried_again_whatever_the_page_looks_like() -> None:
    failure = replace(failed(ACTIONS[1], "Click button 'Checkout'"), retry=True)
    repair = await ScriptPlanner(ACTIONS).repair(task(consumed=1), NO_PAGE, failure)
    assert repair.retry is not None
    assert (repair.retry.action, repair.retry.description) == (ACTIONS[1], "Click button 'Checkout'")


def test_an_expectation_is_known_before_it_is_proposed() -> None:
    planner = ScriptPlanner((*ACTIONS, Action(type=ActionType.EXPECT_URL, value="/thanks")))
    assert [planner.expects(task(consumed=consumed)) for consumed in range(4)] == [False, False, True, False]


async def test_a_button_that_is_there_is_retried_once_and_a_renamed_one_suggested(showing: Showing) -> None:
    planner = ScriptPlanner(ACTIONS)
    async with showing("<button>Checkout</button>") as driver:
        first = await planner.repair(task(consumed=1), driver, failed(ACTIONS[1], "Click button 'Checkout'"))
        assert first.retry is not None
        assert first.retry.action == ACTIONS[1]
        second = await planner.repair(task(consumed=1), driver, failed(ACTIONS[1], "Click", attempt=2))
        assert second == Repair()
    async with showing("<button>Check out now</button><button>Help</button>") as driver:
        repair = await planner.repair(task(consumed=1), driver, failed(ACTIONS[1], "Click button 'Checkout'"))
        assert repair.retry is None
        assert [idea.description for idea in repair.suggestions] == ["Click button 'Check out now'"]
        assert repair.reason == "No button is called 'Checkout'. The page has: 'Check out now', 'Help'."


@pytest.mark.parametrize("selector", ["#nope", "//button[@id='nope']", "form >> .nope"])
async def test_css_and_xpath_name_nothing(selector: str, showing: Showing) -> None:
    action = Action(type=ActionType.CLICK, selector=selector)
    async with showing("<button>Help</button>") as driver:
        repair = await ScriptPlanner([action]).repair(task(), driver, failed(action, f"Click {selector}"))
    assert repair == Repair()


@pytest.mark.parametrize("folder", [True, False])
async def test_an_upload_without_its_file_is_not_tried_again(tmp_path: Path, folder: bool, showing: Showing) -> None:
    action = Action(type=ActionType.UPLOAD, selector="input", value="no.pdf")
    with pytest.raises(StepFailed, match="as a data: URL") as missing:
        payload("no.pdf", tmp_path if folder else None)
    async with showing("<input type=file aria-label=CV>") as driver:
        for planner in (ScriptPlanner([action]), PlainPlanner()):
            failure = failed(action, "Upload 'no.pdf' to 'CV'", reason=str(missing.value))
            assert await planner.repair(task("Upload 'no.pdf' to 'CV'"), driver, failure) == Repair()


async def test_a_drag_whose_end_is_missing(showing: Showing) -> None:
    drag = Action(type=ActionType.DRAG, selector="text=Card", target="text=Finished")
    async with showing("<p>Card</p><button>Finish</button>") as driver:
        failure = failed(drag, "Drag", attempt=2)
        repair = await ScriptPlanner([drag]).repair(task(), driver, failure)
        (suggestion,) = repair.suggestions
        assert suggestion.action == drag.model_copy(update={"target": 'role=button[name="Finish"]'})


async def test_nothing_to_repair_without_a_step() -> None:
    assert await ScriptPlanner(ACTIONS).repair(task(), NO_PAGE, Failure("stuck", None, 1)) == Repair()
