"""Take-over: one person at the wheel, the planner waits, and what the person did is on record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from control.errors import InvalidTransition, NotFound, NotHolder, ProtocolError
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action, ActionType, Box
from control.protocol.models import RunStatus, Source, StepStatus
from runner.driver import HumanAction, StepFailed
from runner.export.pytest import export
from tests.fakes import FakePlanner, click
from tests.runner.session_harness import ADA, BOB, SessionHarness, session_harness


def human(action: Action, description: str = "by hand", *, merges: bool = False) -> HumanAction:
    """Begun two seconds before it is known."""
    return HumanAction(action, description, started_at=time.monotonic() - 2, merges=merges)


def typing(text: str) -> Action:
    return Action.model_validate({"type": "type", "selector": "#name", "value": text})


@asynccontextmanager
async def held(folder: Path, planner: FakePlanner | None = None) -> AsyncIterator[SessionHarness]:
    """A run in review whose wheel Ada has taken."""
    async with session_harness(folder, planner or FakePlanner([click("#cart"), click("#pay")]), mode="review") as run:
        run.session.join(ADA)
        run.session.join(BOB)
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.TakeControl())
        yield run


async def test_it_interrupts_the_step_in_flight_which_is_never_repeated(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
        run.driver.perform_gate.close()
        run.start()
        await run.driver.perform_gate.reached.wait()
        await run.do(c.TakeControl())
        step = await run.until_step(1, StepStatus.SKIPPED)
        assert step.error == "interrupted: Ada took control"
        assert run.driver.perform_gate.abandoned.is_set()
        run.driver.perform_gate.open()
        await run.do(c.ReleaseControl())
        assert await run.finish() is RunStatus.PASSED
        assert [action.selector for action in run.driver.performed] == ["#pay"]


async def test_what_a_person_does_takes_the_time_since_they_began(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.human.append([human(typing("Ada"))])
        await run.do(c.Input(kind="text", text="Ada"))
        (step,) = await run.steps()
        assert step.duration_ms
        assert step.duration_ms >= 2000


async def test_taken_and_released_at_once_it_still_interrupts(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
        run.driver.perform_gate.close()
        run.start()
        await run.driver.perform_gate.reached.wait()
        await run.do(c.TakeControl())
        await run.do(c.ReleaseControl())
        await run.until_step(1, StepStatus.SKIPPED)
        run.driver.perform_gate.open()
        assert await run.finish() is RunStatus.PASSED


async def test_it_stops_a_planner_that_is_thinking(tmp_path: Path) -> None:
    planner = FakePlanner([click("#cart")])
    planner.gate.close()
    async with session_harness(tmp_path, planner) as run:
        run.start()
        await planner.gate.reached.wait()
        await run.do(c.TakeControl())
        await planner.gate.abandoned.wait()
        assert run.driver.did == ["open http://shop.test/"]


async def test_input_waits_until_the_interrupted_step_has_stopped(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")])) as run:
        run.driver.perform_gate.close()
        run.driver.slow_to_stop.close()
        run.start()
        await run.driver.perform_gate.reached.wait()
        await run.do(c.TakeControl())
        await run.driver.slow_to_stop.reached.wait()
        waiting = [asyncio.create_task(run.do(c.Input(kind="key_down", key=key))) for key in "abc"]
        run.driver.slow_to_stop.open()
        await asyncio.gather(*waiting)
        assert run.driver.did[2:6] == ["stopped click", "input key_down a", "input key_down b", "input key_down c"]


async def test_only_the_holder_may_put_hands_on_the_page(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        with pytest.raises(NotHolder):
            await run.do(c.Input(kind="move"), BOB)
        with pytest.raises(NotHolder):
            await run.do(c.AnswerDialog(dialog_id="d1", accept=True), BOB)
        await run.do(c.AnswerDialog(dialog_id="d1", accept=True))
        assert run.driver.did[-1] == "answer d1"


async def test_the_browser_knows_whether_a_person_is_there(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.human.append([human(click("#a"))])
        await run.do(c.Input(kind="down"))
        assert run.driver.attended
        await run.do(c.ReleaseControl())
        await run.until(lambda: run.session.view().proposal)
        assert not run.driver.attended


async def test_what_a_person_does_is_recorded_with_a_picture(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.human.append([human(click("#agree"), "Click 'I agree'")])
        await run.do(c.Input(kind="up"))
        await run.until(lambda: any(step.screenshot_url for step in run.published(1)))
        step = run.published(1)[-1]
        assert (step.source, step.status, step.description) == (Source.HUMAN, StepStatus.PASSED, "Click 'I agree'")
        assert await run.picture(1)


async def test_more_text_in_the_same_field_takes_the_place_of_the_step_before(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.human.append([human(typing("A"))])
        run.driver.human.append([human(typing("Ada"), merges=True)])
        await run.do(c.Input(kind="text", text="A"))
        await run.do(c.Input(kind="text", text="da"))
        (step,) = await run.steps()
        assert (step.step_number, step.value) == (1, "Ada")


def browse(type: str, value: str | int | None = None) -> c.Browse:
    return c.Browse.model_validate({"action": {"type": type, "value": value}})


async def test_to_go_elsewhere_is_a_step_after_what_was_typed_before(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.held_back = [human(typing("Ada"))]
        await run.do(browse("navigate", "/cart"))
        typed, went = await run.steps()
        assert (typed.value, went.description, went.source) == ("Ada", "Go to /cart", Source.HUMAN)
        assert run.driver.did[-2:] == ["flush", "browse navigate /cart"]


async def test_a_page_that_does_not_come_is_told_and_is_no_step(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.fail("/gone", "/gone cannot be loaded: connection refused")
        with pytest.raises(NotFound, match="connection refused"):
            await run.do(browse("navigate", "/gone"))
        assert await run.steps() == []


async def test_only_the_holder_goes_elsewhere_or_copies(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        for command in (browse("back"), c.CopySelection()):
            with pytest.raises(NotHolder):
                await run.do(command, BOB)
        with pytest.raises(ProtocolError, match="browse takes back, forward"):
            c.from_object({"type": "browse", "action": {"type": "click", "selector": "#pay"}})


async def test_a_selection_is_copied_without_secrets_and_within_bounds(tmp_path: Path) -> None:
    async with session_harness(
        tmp_path, FakePlanner([click("#pay")]), secrets={"key": "tr0ub4dor"}, mode="review"
    ) as run:
        run.session.join(ADA)
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.TakeControl())
        run.driver.selected = "The key is tr0ub4dor"
        reply = await run.do(c.CopySelection(id="7"))
        assert isinstance(reply, e.Copied)
        assert (reply.id, "tr0ub4dor" in reply.text, reply.cut) == ("7", False, False)
        run.driver.selected = "x" * 40_000
        reply = await run.do(c.CopySelection())
        assert isinstance(reply, e.Copied)
        assert (len(reply.text), reply.cut) == (32_768, True)


async def test_a_comment_reaches_the_planner_without_secrets(tmp_path: Path) -> None:
    planner = FakePlanner([click("#cart"), click("#pay")])
    async with session_harness(tmp_path, planner, secrets={"key": "tr0ub4dor"}) as run:
        run.driver.perform_gate.close()
        run.start()
        await run.driver.perform_gate.reached.wait()
        await run.do(c.AddComment(text="Use tr0ub4dor here", selector="#pay", element="button 'Pay'"))
        run.driver.perform_gate.open()
        assert await run.finish() is RunStatus.PASSED
        (comment,) = planner.tasks[-1].comments
        assert (comment.selector, "tr0ub4dor" in comment.text) == ("#pay", False)


async def test_release_records_what_was_held_back_before_the_planner_looks_afresh(tmp_path: Path) -> None:
    planner = FakePlanner([click("#cart"), click("#pay")])
    async with held(tmp_path, planner) as run:
        asked = len(planner.tasks)
        run.driver.held_back = [human(typing("Ada"))]
        await run.do(c.ReleaseControl())
        await run.until(lambda: run.session.view().proposal)
        assert len(planner.tasks) == asked + 1
        assert [step.value for step in planner.tasks[-1].steps] == ["Ada"]


async def test_who_releases_and_takes_again_at_once_has_it(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.flush_gate.close()
        released = asyncio.create_task(run.do(c.ReleaseControl()))
        await run.driver.flush_gate.reached.wait()
        taken = asyncio.create_task(run.do(c.TakeControl()))
        await asyncio.sleep(0)
        run.driver.flush_gate.open()
        await asyncio.gather(released, taken)
        holders = [event.holder and event.holder.name for event in run.events(e.ControlChanged)]
        assert holders == ["Ada", None, "Ada"]


async def test_what_a_person_did_settles_the_step_that_failed(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#renamed"), click("#pay")])) as run:
        run.driver.fail("#renamed", "it is not there")
        run.start()
        await run.until(lambda: run.events(e.HelpNeeded))
        await run.do(c.TakeControl())
        run.driver.held_back = [human(click("#new-name"))]
        await run.do(c.ReleaseControl())
        assert await run.finish() is RunStatus.PASSED
        assert [action.selector for action in run.driver.performed] == ["#pay"]


async def test_handed_over_the_wheel_stays_attended(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        await run.do(c.Input(kind="move"))
        await run.do(c.ReleaseControl(to="bob"))
        await run.do(c.Input(kind="move"), BOB)
        assert run.driver.attended
        with pytest.raises(NotHolder):
            await run.do(c.Input(kind="move"))


async def test_control_ends_when_its_holder_has_been_gone_for_the_grace_period(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.human.append([])
        await run.do(c.Input(kind="down"))
        run.driver.held_back = [human(click("#a"))]
        run.session.leave(ADA.viewer_id)
        run.clock.advance(seconds=19)
        assert run.session.view().control.holder
        run.clock.advance(seconds=2)
        await run.until(lambda: run.session.view().proposal)
        assert run.session.view().control.holder is None
        assert [step.source for step in await run.steps()] == [Source.HUMAN]
        assert not run.driver.attended


async def test_a_holder_who_comes_back_keeps_control(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.session.leave(ADA.viewer_id)
        run.session.join(ADA)
        run.clock.advance(seconds=60)
        await run.do(c.Input(kind="move"))
        holder = run.session.view().control.holder
        assert holder
        assert holder.name == "Ada"


async def test_a_secret_typed_by_hand_is_recorded_by_its_name(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")]), mode="review", secrets={"PW": "hunter2"}) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.TakeControl())
        run.driver.human.append([human(typing("hunter2"), "Type 'hunter2' into 'Name'")])
        await run.do(c.Input(kind="text", text="hunter2"))
        (step,) = await run.steps()
        assert (step.value, step.description) == ("{{secret:PW}}", "Type '•••' into 'Name'")


PASSWORDS = [
    ("opensesame", 'role=textbox[name="New password"]', "{{secret:typed_new_password}}"),
    ("opensesame", "#pw", "{{secret:typed_pw}}"),
    ("hunter2", 'role=textbox[name="New password"]', "{{secret:PW}}"),
]


@pytest.mark.parametrize(("password", "selector", "value"), PASSWORDS)
async def test_a_password_typed_by_hand_is_recorded_as_a_secret(
    tmp_path: Path, password: str, selector: str, value: str
) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")]), mode="review", secrets={"PW": "hunter2"}) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.TakeControl())
        done = human(Action(type=ActionType.TYPE, selector=selector, value="•••"), "Type '•••' into 'Password'")
        run.driver.human.append([replace(done, password=password)])
        await run.do(c.Input(kind="text", text="x"))
        (step,) = await run.steps()
        assert (step.value, step.full_action.value, step.description) == (value, value, done.description)
        assert password not in str([entry.message() for entry in run.session.log.since(0) or []])
        exported = export(run.session.view(), [step], "pytest")
        assert "•••" not in exported.replace(done.description, "")
        variable = value.removeprefix("{{secret:").removesuffix("}}").upper()
        assert f"Set these environment variables, whose values are secret: {variable}." in exported
        assert f'.fill(os.environ["{variable}"])' in exported


async def test_a_password_typed_by_hand_is_kept_as_a_secret_where_somebody_wants_it(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")]), mode="review") as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.TakeControl())
        for password in ("opensesam", "opensesame", "ab"):
            selector = "#pin" if password == "ab" else 'role=textbox[name="Password"]'
            done = human(Action(type=ActionType.TYPE, selector=selector, value="•••"), "Type '•••'")
            run.driver.human.append([replace(done, password=password)])
            await run.do(c.Input(kind="text", text="x"))
        assert run.session.creation()["secrets"] == {}
        await run.session.keep_secret("typed_password")
        await run.session.keep_secret("typed_password")
        assert run.session.creation()["secrets"] == {"typed_password": ""}
        assert (await run.stored()).creation["secrets"] == {"typed_password": ""}
        said = human(Action(type=ActionType.TYPE, selector="#b", value="opensesame"), "Type 'opensesame'")
        run.driver.human.append([said])
        await run.do(c.Input(kind="text", text="x"))
        step = (await run.steps())[-1]
        assert (step.value, step.description) == ("{{secret:typed_password}}", "Type '•••'")
        with pytest.raises(NotFound, match="'nothing'"):
            await run.session.keep_secret("nothing")
        with pytest.raises(ProtocolError, match="'typed_pin' cannot be kept: it is shorter than 3 characters"):
            await run.session.keep_secret("typed_pin")
        await run.do(c.ReleaseControl())
        await run.do(c.Cancel())
        await run.finish()
        with pytest.raises(InvalidTransition, match="was cancelled"):
            await run.session.keep_secret("typed_password")


async def test_a_browser_that_goes_under_a_persons_hands_fails_the_run(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.gone = "it has crashed"
        with pytest.raises(InvalidTransition, match="the browser has gone"):
            await run.do(c.Input(kind="down"))
        assert await run.finish() is RunStatus.FAILED


async def test_keys_that_cannot_be_let_go_of_end_nothing(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.flush_error = StepFailed("the page does not answer")
        await run.do(c.ReleaseControl())
        await run.until(lambda: run.session.view().proposal)
        assert run.session.view().control.holder is None


async def test_a_browser_found_gone_at_the_release_fails_the_run(tmp_path: Path) -> None:
    async with held(tmp_path) as run:
        run.driver.gone = "it has crashed"
        with pytest.raises(InvalidTransition, match="the browser has gone"):
            await run.do(c.ReleaseControl())
        assert await run.finish() is RunStatus.FAILED


async def test_a_proposals_box_is_where_the_browser_found_it(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        proposal = run.session.view().proposal
        assert proposal
        assert proposal.box == Box(x=1, y=2, width=30, height=40)
