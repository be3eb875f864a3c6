"""Every command in every status: done, or refused with the reason."""

from __future__ import annotations

import pytest

from control.errors import InvalidTransition, NotFound, NotHolder, Refused
from control.protocol import commands as c
from control.protocol.actions import Action, ActionType
from control.protocol.models import RunStatus
from control.roles import LEAST_ROLE, Actor, Role
from tests.control.run_scenarios import ADA, OWNER, VIEWER, RunScenario, click, in_status

S = RunStatus
NOT_OPEN = (S.QUEUED, S.STARTING)
OPEN = (S.RUNNING, S.PAUSED, S.DIAGNOSING)
OVER = (S.PASSED, S.FAILED, S.CANCELLED)
DONE = None
Outcome = tuple[type[Refused], str] | None
COMMANDS: dict[str, c.Command] = {
    "pause": c.Pause(),
    "resume": c.Resume(),
    "step": c.StepOnce(),
    "cancel": c.Cancel(),
    "step_override": c.StepOverride(action=click("pay")),
    "skip_step": c.SkipStep(),
    "approve_step": c.ApproveStep(),
    "update_instructions": c.UpdateInstructions(instructions="Buy a plum."),
    "replay_step": c.ReplayStep(step_number=1),
    "take_control": c.TakeControl(),
    "request_control": c.RequestControl(),
    "release_control": c.ReleaseControl(),
    "set_curtain": c.SetCurtain(closed=True),
    "lift_covers": c.LiftCovers(lifted=True),
    "input": c.Input(kind="move"),
    "answer_dialog": c.AnswerDialog(dialog_id="d", accept=True),
    "browse": c.Browse(action=Action(type=ActionType.RELOAD)),
    "copy_selection": c.CopySelection(),
    "add_comment": c.AddComment(text="The total is wrong."),
    "remove_comment": c.RemoveComment(number=1),
    "pick": c.Pick(),
    "ping": c.Ping(),
}


def sender(name: str) -> Actor:
    """Whoever has the least role that may send it, of those who control."""
    return OWNER if LEAST_ROLE[name] is Role.OWNER else ADA


def refused(why: str, kind: type[Refused] = InvalidTransition) -> Outcome:
    return kind, why


def outcomes(name: str) -> dict[RunStatus, Outcome]:
    """What the command comes to in each status, before a step is proposed."""
    doing = {
        "step_override": "override a step",
        "skip_step": "skip a step",
        "pick": "pick an element",
        "update_instructions": "update the instructions",
    }.get(name, name.replace("_", " "))
    table = {status: refused(f"cannot {doing} while the run is {status}") for status in NOT_OPEN}
    table |= dict.fromkeys(OPEN, DONE)
    return table | {
        status: refused(rf"cannot {name.replace('_', ' ')}: the run is over \({status}\)") for status in OVER
    }


TABLE = {name: outcomes(name) for name in COMMANDS}
TABLE["pause"] |= dict.fromkeys(NOT_OPEN, DONE) | {S.PAUSED: refused("the run is paused already")}
TABLE["resume"] |= dict.fromkeys((*NOT_OPEN, S.RUNNING, S.DIAGNOSING), refused("the run is not paused"))
TABLE["resume"][S.PAUSED] = DONE
TABLE["cancel"] |= dict.fromkeys(NOT_OPEN, DONE)
TABLE["skip_step"] |= dict.fromkeys((S.RUNNING, S.PAUSED), refused("no step is proposed yet"))
TABLE["approve_step"] |= dict.fromkeys((*NOT_OPEN, *OPEN), refused("no step waits for approval"))
TABLE["replay_step"] |= dict.fromkeys(S, refused("there is no step 1; the run has 0 so far", NotFound))
TABLE["replay_step"][S.DIAGNOSING] = DONE
TABLE["request_control"] |= dict.fromkeys((*NOT_OPEN, *OPEN), refused("nobody holds control: take it"))
TABLE["release_control"] |= dict.fromkeys((*NOT_OPEN, *OPEN), refused("take control first", NotHolder))
TABLE["set_curtain"] |= dict.fromkeys((*NOT_OPEN, *OPEN), refused("take control first", NotHolder))
TABLE["lift_covers"] |= dict.fromkeys(NOT_OPEN, DONE)
TABLE["input"] |= dict.fromkeys(OPEN, refused("take control first", NotHolder))
TABLE["browse"] |= dict.fromkeys(OPEN, refused("take control first", NotHolder))
TABLE["copy_selection"] |= dict.fromkeys(OPEN, refused("take control first", NotHolder))
TABLE["add_comment"] |= dict.fromkeys(NOT_OPEN, DONE)
TABLE["remove_comment"] |= dict.fromkeys((*NOT_OPEN, *OPEN), refused("there is no comment 1", NotFound))
TABLE["answer_dialog"] |= dict.fromkeys(OPEN, refused("take control first", NotHolder))
TABLE["ping"] = dict.fromkeys(S, DONE)


def test_the_table_has_every_command() -> None:
    assert {type(command) for command in COMMANDS.values()} == set(c.Command.__args__)


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("name", COMMANDS)
def test_command_in_status(name: str, status: RunStatus) -> None:
    scenario = in_status(status)
    before, seq = scenario.run.view(), scenario.run.log.seq
    outcome = TABLE[name][status]
    if outcome is DONE:
        scenario.send(COMMANDS[name], sender(name))
        return
    kind, why = outcome
    with pytest.raises(kind, match=f"^{why}$"):
        scenario.send(COMMANDS[name], sender(name))
    assert scenario.run.view() == before
    assert scenario.run.log.seq == seq


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pause", "Ada holds control, so the run is paused already"),
        ("resume", "cannot resume while Ada holds control"),
        ("step", "cannot step while Ada holds control"),
        ("skip_step", "cannot skip a step while Ada holds control"),
        ("approve_step", "cannot approve a step while Ada holds control"),
        ("take_control", "you hold control already"),
    ],
)
def test_refused_while_a_person_holds_control(name: str, why: str) -> None:
    scenario = RunScenario().open()
    scenario.take()
    with pytest.raises(InvalidTransition, match=f"^{why}$"):
        scenario.send(COMMANDS[name], sender(name))


@pytest.mark.parametrize(
    "name",
    ["step_override", "update_instructions", "input", "answer_dialog", "browse", "copy_selection", "pick", "cancel"],
)
def test_done_while_the_sender_holds_control(name: str) -> None:
    scenario = RunScenario().open()
    scenario.take()
    scenario.send(COMMANDS[name], ADA)


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"ping", "replay_step"}))
def test_a_viewer_may_do_none_of_it_in_any_status(name: str, status: RunStatus) -> None:
    scenario = in_status(status)
    with pytest.raises(Refused) as refusal:
        scenario.send(COMMANDS[name], VIEWER)
    assert refusal.value.code == "forbidden"
