"""Runs exported for Playwright Test: the file really runs there, passes on the same site, and fails on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from control.errors import Unsupported
from control.protocol.actions import TO_THE_END, Action, ActionType
from control.protocol.models import DialogAnswer, ElementCall, StepStatus
from runner.export.typescript import export_typescript
from tests.exported import playwright_on
from tests.runner.export.test_export import SHOP, everything, run, shop, steps

A = ActionType


def exported(*actions: Action, url: str = "http://shop.test/", **fields: object) -> str:
    return export_typescript(run(url), steps(*actions, **fields), "typescript")


def lines_of(text: str) -> list[str]:
    """The lines of the test's function, without the limits that each has."""
    return [line.strip() for line in text.partition("setDefaultTimeout(30_000);\n")[2].splitlines()]


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (
            Action(type=A.CLICK, selector='role=button[name="It\'s"]', button="right", modifiers=("Shift",)),
            "await page.getByRole('button', { name: \"It's\", exact: true })"
            ".click({ button: 'right', modifiers: ['Shift'] });",
        ),
        (Action(type=A.TYPE, selector="#a", value="{{secret:pass word}}!"), "environment('PASS_WORD') + '!'"),
        (Action(type=A.SELECT, selector="#a", value="one\ntwo"), "selectOption(['one', 'two']);"),
        (Action(type=A.PRESS, value="Enter"), "await page.keyboard.press('Enter');"),
        (Action(type=A.SCROLL), "await scroll(page, null);"),
        (Action(type=A.SCROLL, value=-TO_THE_END), f"await scroll(page, -{TO_THE_END:g}, {{ toEnd: true }});"),
        (Action(type=A.BACK), "await page.goBack({ waitUntil: 'domcontentloaded' });"),
        (Action(type=A.NEW_TAB), "page = await newTab(page);"),
        (Action(type=A.EXPECT_DOWNLOAD, value="a-*.pdf"), r"expectDownload(page, downloads, /^a\-.*\.pdf$/);"),
        (Action(type=A.SWITCH_TAB, value=1), "page = await tab(page, 1);"),
        (Action(type=A.CLOSE_TAB, value=1), "page = await closeTab(page, 1);"),
        (Action(type=A.UPLOAD, selector="#a", value="cv.txt"), "path.join(path.dirname(test.info().file), 'cv.txt')"),
        (Action(type=A.UPLOAD, selector="#a", value="data:text/plain;name=a.txt,hi"), "Buffer.from('aGk=', 'base64')"),
        (Action(type=A.EXPECT_VISIBLE, selector="#a"), ".first()).toBeVisible({ timeout: 15_000 });"),
        (
            Action(type=A.EXPECT_URL, value="/a/b"),
            r"toHaveURL(/^https?:\/\/[^\/]+\/a\/b([?#].*)?$/, { timeout: 15_000 });",
        ),
        (
            Action(type=A.EXPECT_URL, value="/{{secret:KEY}}"),
            "new RegExp('^https?://[^/]+/' + escaped(environment('KEY')) + '([?#].*)?$')",
        ),
        (Action(type=A.WAIT, value=50), "await page.waitForTimeout(50);"),
    ],
)
def test_an_action_is_the_call_that_it_is_in_python(action: Action, code: str) -> None:
    assert code in lines_of(exported(action))[-2]


def test_what_was_looked_at_is_looked_at_again() -> None:
    calls = (
        ElementCall(selector="#a", method="blur"),
        ElementCall(selector="#a", method="to_have_value", value="Ada"),
        ElementCall(selector="#b", method="click"),
        ElementCall(selector="#b", method="not_to_be_checked"),
    )
    text = exported(Action(type=A.UNCHECK, selector="#b"), carried_out=calls)
    assert lines_of(text)[3:-1] == [
        "await page.locator('#a').blur();",
        "await expect(page.locator('#a')).toHaveValue('Ada');",
        "await page.locator('#b').click();",
        "await settle(page);",
        "await expect(page.locator('#b')).not.toBeChecked();",
    ]


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (Action(type=A.PRESS, value="Tab"), ["await page.keyboard.press('Tab');"]),
        (Action(type=A.SELECT, selector="#a", value="Ada"), []),
    ],
)
def test_a_key_is_pressed_before_the_look_and_what_was_chosen_already_is_left_alone(
    action: Action, code: list[str]
) -> None:
    text = exported(action, carried_out=(ElementCall(selector="#a", method="to_have_value", value="Ada"),))
    assert lines_of(text)[3:-1] == [*code, "await expect(page.locator('#a')).toHaveValue('Ada');"]


@pytest.mark.parametrize("seen", [True, False])
def test_an_upload_is_checked_where_it_was_seen(seen: bool) -> None:
    calls = (ElementCall(selector="#a", method="upload"),) if seen else ()
    upload = Action(type=A.UPLOAD, selector="#a", value="cv.txt")
    code = lines_of(exported(upload, carried_out=calls))[3]
    assert code.endswith("'cv.txt'));" if seen else "'cv.txt'), { seen: false });")


def test_dialogs_and_tabs_that_end_are_done_as_in_python() -> None:
    dialogs = (
        DialogAnswer(kind="confirm", accepted=False),
        DialogAnswer(kind="prompt", accepted=True, text="{{secret:NAME}}"),
    )
    text = exported(Action(type=A.CLICK, selector="#a"), dialogs=dialogs, tab=1)
    assert lines_of(text)[:-1] == [
        "const answers = answering(page);",
        "answers.push(false, environment('NAME'));",
        "await goto(page, 'http://shop.test/');",
        "// 1. Click #a",
        "page = await tab(page, 1);",
        "await mayClose(page, async () => {",
        "await page.locator('#a').click();",
        "});",
    ]
    assert "Set these environment variables, whose values are secret: NAME." in text


def test_a_step_that_failed_is_left_out_with_its_reason() -> None:
    text = exported(Action(type=A.CLICK, selector="#a"), status=StepStatus.FAILED, error="not there")
    assert lines_of(text)[-2] == "// 1. Click #a - left out, as it failed: not there"


def test_another_format_is_refused() -> None:
    with pytest.raises(Unsupported, match="formats: typescript"):
        export_typescript(run("http://shop.test/"), [], "cypress")


@pytest.mark.process
async def test_an_exported_run_passes_on_the_same_site(tmp_path: Path) -> None:
    async with shop() as url:
        text = exported(*everything(uploaded="cv.txt"), url=url)
        (tmp_path / "shop.spec.ts").write_text(text, encoding="utf-8")
        (tmp_path / "cv.txt").write_text("beside")
        assert "12345678" not in text
        code, output = await playwright_on(tmp_path, PASS_WORD="12345678")
        without, said = await playwright_on(tmp_path)
    assert (code, "1 passed" in output) == (0, True), output
    assert (without, "Set the environment variable PASS_WORD." in said) == (1, True), said


@pytest.mark.process
async def test_an_exported_run_fails_on_another_site(tmp_path: Path) -> None:
    async with shop(SHOP.replace("Greet", "Good day")) as url:
        text = exported(Action(type=A.CLICK, selector='role=button[name="Greet"]'), url=url)
        (tmp_path / "shop.spec.ts").write_text(text.replace("30_000", "1_000"), encoding="utf-8")
        code, output = await playwright_on(tmp_path)
    assert (code, "1 failed" in output) == (1, True), output
