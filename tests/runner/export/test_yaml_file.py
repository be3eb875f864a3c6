"""Runs that are exported as test files: `jumpseat run` reads them as what was done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from control.errors import Unsupported
from control.protocol.actions import Action, ActionType, Size, Viewport
from control.protocol.models import DialogAnswer, GivenSecret, NewRun, SecretUse, StepStatus
from runner.export.yaml_file import export_yaml, spec_file
from runner.testfile import BadTestFile, load
from tests.runner.export.test_export import run, steps

A = ActionType
DONE = (
    Action(type=A.NAVIGATE, value="/cart?a=1#b"),
    Action(type=A.TYPE, selector="role=textbox[name=\"Name: 'full' #1\"]", value="Ada\n{{secret:PASS WORD}} – “x”"),
    Action(type=A.CLICK, selector="#pay", button="right", modifiers=("Shift",)),
    Action(type=A.SCROLL, value=-300),
    Action(type=A.WAIT, value="500"),
    Action(type=A.UPLOAD, selector="#file", value="data:text/plain;name=cv.txt,hello"),
    Action(type=A.DRAG, selector="#a", target="#b"),
    Action(type=A.EXPECT_TEXT, selector="role=status", value="yes"),
)


def test_the_file_holds_what_was_done(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(export_yaml(run("http://shop.test/?q={{secret:KEY}}"), steps(*DONE), "yaml"), encoding="utf-8")
    loaded = load(file, environment={"PASS_WORD": "sesame", "KEY": "abcd"})
    assert loaded.steps == DONE
    assert (loaded.url, loaded.name) == ("http://shop.test/?q={{secret:KEY}}", "Buy a mug")
    assert loaded.secrets == {"KEY": "abcd", "PASS WORD": "sesame"}
    assert loaded.viewport is not None
    assert (loaded.viewport.width, loaded.viewport.height) == (900, 600)


def test_secrets_are_filled_in_where_they_were(tmp_path: Path) -> None:
    given = {
        "PASS WORD": GivenSecret(value="", origins=("https://login.test",), use=(SecretUse.SELECTOR,)),
        "KEY": GivenSecret(value="", use=(SecretUse.NAVIGATION,)),
        "OTHER": GivenSecret(value="", origins=("*",)),
    }
    keyed = Action(type=A.NAVIGATE, value="http://shop.test/?q={{secret:KEY}}")
    file = tmp_path / "run.yaml"
    exported = export_yaml(run("http://shop.test/", secrets=given), steps(*DONE, keyed), "yaml")
    file.write_text(exported, encoding="utf-8")
    assert load(file, environment={"PASS_WORD": "sesame", "KEY": "abcd"}).secrets == {
        "PASS WORD": GivenSecret(value="sesame", origins=("https://login.test",)),
        "KEY": GivenSecret(value="abcd", use=(SecretUse.NAVIGATION,)),
    }


def test_a_step_in_another_tab_is_done_there(tmp_path: Path) -> None:
    first, second = steps(Action(type=A.CLICK, selector="#open"), Action(type=A.CLICK, selector="#there"))
    done = [first.model_copy(update={"tab": 0}), second.model_copy(update={"step_number": 2, "tab": 1})]
    file = tmp_path / "run.yaml"
    file.write_text(export_yaml(run("http://shop.test/"), done, "yaml"), encoding="utf-8")
    wanted = [first.full_action, Action(type=A.SWITCH_TAB, value=1), second.full_action]
    assert list(load(file, environment={}).steps or ()) == wanted


def test_what_is_not_done_again_stands_there_as_a_comment() -> None:
    refused = DialogAnswer(kind="confirm", message="Sure?\nReally?", accepted=False)
    passed, failed = steps(Action(type=A.CLICK, selector="#a"), Action(type=A.CLICK, selector="#b"))
    failed = failed.model_copy(update={"status": StepStatus.FAILED, "description": "Click\nnothing"})
    text = export_yaml(run("http://shop.test/"), [passed.model_copy(update={"dialogs": (refused,)}), failed], "yaml")
    assert "# It asked: 'Sure? Really?', and was answered 'no', which is not done again." in text
    assert "# 2. Click nothing - left out, as it failed" in text
    assert text.count("- type:") == 1


def test_a_run_that_has_done_nothing_is_no_test_file() -> None:
    with pytest.raises(Unsupported, match="no step has passed"):
        export_yaml(run("http://shop.test/"), [], "yaml")


def test_a_viewport_of_a_later_tab_is_not_the_first_ones(tmp_path: Path) -> None:
    (only,) = steps(Action(type=A.CLICK, selector="#a"), tab=1, viewport=Size(width=300, height=300))
    assert "viewport" not in export_yaml(run("http://shop.test/"), [only], "yaml")


SPEC = NewRun(
    url="http://shop.test/?a=1#b",
    instructions="Click 'Log in'\nType {{secret:PASS WORD}} into 'Password'\n\nExpect to see '# 100 %: yes'",
    planner="plain",
    mode="review",
    viewport=Viewport(width=390, height=844),
    browser="firefox",
    name="'Größe' #1",
    secrets={"PASS WORD": GivenSecret(value="sesame", origins=("https://login.test",)), "PIN": "1234"},
    allow_hosts=("*.shop.test",),
    record="on-failure",
    step_timeout_ms=5000,
    help_timeout_ms=0,
)


def test_what_a_run_is_to_be_made_from_makes_the_same_run(tmp_path: Path) -> None:
    secrets = {"PASS WORD": {"value": "", "origins": ["https://login.test"]}, "PIN": ""}
    text = spec_file(SPEC, secrets)
    assert "sesame" not in text
    assert "1234" not in text
    file = tmp_path / "test.yaml"
    file.write_text(text, encoding="utf-8")
    assert load(file, environment={"PASS_WORD": "sesame", "PIN": "1234"}) == SPEC


@pytest.mark.parametrize(
    "instructions",
    [
        "Click 'A'",
        "Click 'A'\n",
        " Click 'A'\nReload",
        "Click 'A\u2028B'\nReload",
        "Click '\x85'\nReload",
        "Reload \n\n\n",
    ],
)
def test_instructions_are_the_same_afterwards(tmp_path: Path, instructions: str) -> None:
    spec = NewRun(url="http://shop.test/", instructions=instructions, planner="model")
    file = tmp_path / "test.yaml"
    file.write_text(spec_file(spec, {}), encoding="utf-8")
    assert load(file, environment={}) == spec


def test_a_mistake_in_the_instructions_is_told_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "test.yaml"
    file.write_text(spec_file(SPEC.model_copy(update={"instructions": "Reload\nDance"}), {}), encoding="utf-8")
    line = file.read_text(encoding="utf-8").splitlines().index("  Dance") + 1
    with pytest.raises(BadTestFile, match=rf"^{re.escape(str(file))}:{line}: "):
        load(file, environment={})
