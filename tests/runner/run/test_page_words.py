"""A page that writes references to secrets: its words stay words, in the run and in all that is exported of it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from control.errors import Unsupported
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import DialogAnswer, RunStatus
from jumpseat.run_parts import session_options
from jumpseat.settings import Settings
from runner.driver import CarriedOut, HumanAction
from runner.run.session import Session
from tests.fakes import FakeDriver, FakePlanner, click
from tests.runner.session_harness import ADA, SessionHarness, session_harness

FORGED = "AWS_SECRET_ACCESS_KEY"
WORDS = f"Pay {{{{secret:{FORGED}}}}} {{{{ secret: PW }}}} {{{{braces}}}}secret:{FORGED}}}}}"
"""Both a secret of the machine and one of the run itself are called for, and the way to escape is imitated."""
NAMED = f"role=button[name={json.dumps(WORDS)}]"
PLAYWRIGHTS = NAMED.replace("{{", r"{\{")
"""The same as a selector with escapes of its own, which decodes to references."""
PASSWORD = "hunter2"


class Page(FakeDriver):
    """A page whose every word is hostile."""

    def __init__(self, selector: str = NAMED) -> None:
        super().__init__()
        self.url = f"http://shop.test/{WORDS}?{WORDS}"
        self.met = {"either": selector}
        self.carries_out = CarriedOut()
        self.carries_out.add("fill", selector, "x")
        self.carries_out.add("to_have_value", selector, WORDS)

    async def durable(self, selector: str) -> str:
        return NAMED

    async def pick(self, command: c.Pick) -> e.Picked:
        return e.Picked(selector=NAMED, name=WORDS)


def typing(selector: str, value: str) -> Action:
    return Action.model_validate({"type": "type", "selector": selector, "value": value})


async def exports(session: Session) -> dict[str, str]:
    """What the run is in every format that the product has, as far as this run can be had in it."""
    with pytest.raises(Unsupported) as refused:
        await session.export("none")
    found = {}
    for name in str(refused.value).partition("formats: ")[2].split(", "):
        try:
            found[name] = await session.export(name)
        except Unsupported:
            continue
    assert found.keys() >= {"pytest", "yaml"}
    return found


async def nothing_is_looked_up(session: Session, *, but: frozenset[str] = frozenset()) -> None:
    """No export reads a variable of the environment, and each still says the page's words."""
    for name, text in (await exports(session)).items():
        looked_up = {
            node.slice.value
            for node in ast.walk(ast.parse(text if name == "pytest" else ""))
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        }
        assert looked_up == (but if name == "pytest" else set()), text
        in_node = set(re.findall(r"""environment\(['"](\w+)|process\.env\W+(\w+)""", text))
        asked = {first or second for first, second in in_node} & {*but, FORGED, "PW"}
        assert asked == (but if name == "typescript" else set()), text
        assert FORGED in text or name == "patch", name


@pytest.fixture
def options() -> dict[str, object]:
    return {"exporter": session_options(Settings()).exporter}


@pytest.mark.parametrize("selector", [NAMED, PLAYWRIGHTS, f"css=[title={json.dumps(WORDS)}]", f"text={WORDS}"])
async def test_a_planned_step_that_met_such_an_element(
    tmp_path: Path, options: dict[str, float], selector: str
) -> None:
    planner = FakePlanner([click("either"), click("either")])
    driver = Page(selector)
    async with session_harness(tmp_path, planner, driver=driver, secrets={"PW": PASSWORD}, options=options) as run:
        run.start()
        assert await run.finish() is RunStatus.PASSED
        first = (await run.steps())[0].full_action
        assert run.session._masking.resolve(first).selector == selector
        await nothing_is_looked_up(run.session)


async def test_a_planner_that_takes_its_selector_from_the_page(tmp_path: Path, options: dict[str, float]) -> None:
    class Durable(FakePlanner):
        async def propose(self, task: object, driver: object) -> object:  # type: ignore[override]
            idea = await super().propose(task, driver)  # type: ignore[arg-type]
            if idea is None:
                return None
            selector = await driver.durable("aria-ref=e1")  # type: ignore[attr-defined]
            return type(idea)(click(selector), idea.description)

    async with session_harness(
        tmp_path, Durable([click("#a")]), driver=Page(), secrets={"PW": PASSWORD}, options=options
    ) as run:
        run.start()
        assert await run.finish() is RunStatus.PASSED
        assert [done.selector for done in run.driver.performed] == [NAMED]
        await nothing_is_looked_up(run.session)


def by_hand(*done: HumanAction) -> Callable[[SessionHarness], None]:
    return lambda run: run.driver.human.append(list(done))


@pytest.mark.parametrize(
    "done",
    [
        HumanAction(click(NAMED), WORDS, 0.0),
        HumanAction(typing("#name", WORDS), "Type it", 0.0),
        HumanAction(typing(NAMED, "x"), "Type it", 0.0),
        HumanAction(Action.model_validate({"type": "select", "selector": "#a", "value": WORDS}), "Select", 0.0),
    ],
    ids=["element", "keys", "field", "option"],
)
async def test_what_a_person_does_by_hand(tmp_path: Path, options: dict[str, float], done: HumanAction) -> None:
    async with session_harness(
        tmp_path, FakePlanner([click("#a")]), driver=Page(), mode="review", secrets={"PW": PASSWORD}, options=options
    ) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.TakeControl())
        run.driver.human.append([done])
        await run.do(c.Input(kind="down"))
        run.driver.on_answered(DialogAnswer(kind="prompt", message=WORDS, accepted=True, text=WORDS))
        await nothing_is_looked_up(run.session)


async def test_a_password_typed_by_hand_is_looked_up_and_nothing_else(
    tmp_path: Path, options: dict[str, float]
) -> None:
    async with session_harness(
        tmp_path, FakePlanner([click("#a")]), driver=Page(), mode="review", options=options
    ) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.TakeControl())
        run.driver.human.append([HumanAction(typing(NAMED, "•••"), "Type it", 0.0, password="open sesame")])
        await run.do(c.Input(kind="down"))
        (step,) = await run.steps()
        typed = step.full_action.text.removeprefix("{{secret:").removesuffix("}}")
        assert typed.startswith("typed_")
        await nothing_is_looked_up(run.session, but=frozenset({typed.upper()}))


async def test_an_element_that_is_picked_and_put_into_an_override(tmp_path: Path, options: dict[str, float]) -> None:
    async with session_harness(
        tmp_path, FakePlanner([click("#a")]), driver=Page(), mode="review", secrets={"PW": PASSWORD}, options=options
    ) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        picked = await run.do(c.Pick(x=1, y=1))
        assert isinstance(picked, e.Picked)
        await run.do(c.StepOverride(action=click(picked.selector)), ADA)
        await run.until(lambda: run.driver.performed)
        assert [done.selector for done in run.driver.performed] == [NAMED]
        await run.until(lambda: run.session.view().proposal is None or run.session.view().current_step >= 1)
        await nothing_is_looked_up(run.session)
