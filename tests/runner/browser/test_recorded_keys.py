"""Characters and chords of any keyboard, and clicks of any button: done in the page, and recorded as what they are."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from control.protocol.actions import Action, ActionType
from control.protocol.commands import AnswerDialog, Input
from runner.browser.human.keys import pressed, types
from runner.driver import HumanAction
from runner.export.pytest import export
from runner.selectors.describe import describe_action
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness
from tests.runner.browser.test_input import click, key, told
from tests.runner.export.test_export import run as run_view
from tests.runner.export.test_export import steps as steps_of

PAGE = """<title>Keys</title><body style="margin: 0">
<style>.at { position: absolute; width: 120px; height: 30px; margin: 0 }</style>
<textarea class="at" style="left: 10px; top: 10px" aria-label="Notes"></textarea>
<div class="at" style="left: 200px; top: 10px; background: #eee" id="pad" tabindex="0"></div>
<a class="at" style="left: 200px; top: 50px" href="/other">Other</a>
<button class="at" style="left: 10px; top: 90px">Row</button><p id="log" style="position: absolute; top: 300px"></p>
<script>
  const say = text => { log.textContent += text + ';'; };
  pad.addEventListener('keydown', event => say(event.key + event.ctrlKey + event.altKey));
  for (const kind of ['click', 'auxclick', 'contextmenu'])
    document.querySelector('button').addEventListener(kind, event => {
      if (kind === 'contextmenu') event.preventDefault();
      say([kind, event.button, event.ctrlKey, event.metaKey, event.shiftKey]);
    });
</script></body>"""
FIELD = 'role=textbox[name="Notes"]'
ROW = 'role=button[name="Row"]'


def down(key: str, code: str, *modifiers: str) -> Input:
    return Input.model_validate({"kind": "key_down", "key": key, "code": code, "modifiers": modifiers} | SIZE)


SIZE = {"x": 0, "y": 0, "width": 800, "height": 600}
TEXT = [
    ("@", "KeyL", ("Alt",)),
    ("@", "KeyQ", ("Control", "Alt")),
    ("€", "KeyE", ("Control", "Alt")),
    ("\\", "Digit7", ("Alt", "Shift")),
    ("π", "KeyP", ("Alt",)),
    ("å", "KeyA", ("Alt",)),
    ("{", "Digit8", ("Alt",)),
    ("ф", "KeyA", ()),
]
SHORTCUTS = [
    ("f", "KeyF", ("Alt",), "Alt+f"),
    ("1", "Digit1", ("Alt",), "Alt+1"),
    ("!", "Digit1", ("Alt", "Shift"), "Alt+Shift+!"),
    ("t", "KeyT", ("Control", "Alt"), "Alt+Control+t"),
    ("ф", "KeyA", ("Control",), "Control+a"),
    ("Ф", "KeyA", ("Control", "Shift"), "Control+Shift+a"),
    ("ф", "KeyA", ("Alt",), "Alt+a"),
    ("é", "Digit2", ("Control",), "Control+2"),
    ("ж", "Semicolon", ("Control",), "Control+;"),
    ("Enter", "Enter", ("Shift",), "Shift+Enter"),
    (" ", "Space", (), "Space"),
]
UNKNOWN = ["Unidentified", "AltGraph", "Dead", "Process", "Compose", "MediaPlayPause", "Lang1", "F24", "BrowserBack"]


@pytest.mark.parametrize(("key", "code", "modifiers"), TEXT)
def test_a_character_that_is_no_shortcut_is_text(key: str, code: str, modifiers: tuple[str, ...]) -> None:
    assert types(down(key, code, *modifiers))


@pytest.mark.parametrize(("key", "code", "modifiers", "value"), SHORTCUTS)
def test_a_shortcut_is_named_by_its_key(key: str, code: str, modifiers: tuple[str, ...], value: str) -> None:
    assert types(down(key, code, *modifiers)) == (value == "Space")
    assert pressed(down(key, code, *modifiers)) == value


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_playwright_does_not_know_has_no_name(name: str) -> None:
    assert pressed(down(name, name)) is None
    assert pressed(down(name, name, "Control")) is None


browser_test = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness({"/": PAGE, "/other": "<title>Other</title>"}) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: DriverHarness) -> DriverHarness:
    await browser.show("/")
    return browser


@browser_test
async def test_characters_by_option_and_altgr_are_typed(harness: DriverHarness) -> None:
    await click(harness, 70, 25)
    await key(harness, "AltGraph", "AltRight")
    for name, code, modifiers in TEXT:
        assert told(await key(harness, name, code, *modifiers)) == []
    (typed,) = await harness.driver.flush_input()
    assert told([typed]) == [("type", FIELD, "@@€\\πå{ф")]


@browser_test
async def test_keys_without_a_name_are_no_steps(harness: DriverHarness) -> None:
    await click(harness, 260, 25)
    for name in UNKNOWN:
        assert told(await key(harness, name, name)) == []
    assert told(await key(harness, "ф", "KeyA", "Control")) == [("press", "#pad", "Control+a")]
    assert told(await key(harness, "@", "KeyL", "Alt")) == [("press", "#pad", "@")]
    await harness.text("#log", "фtruefalse")
    await harness.text("#log", "@falsefalse")


CLICKS = [
    ({"modifiers": ["Control"]}, "click,0,true,false,false", "Control-click 'Row'"),
    ({"modifiers": ["Meta", "Shift"]}, "click,0,false,true,true", "Meta-Shift-click 'Row'"),
    ({"button": "right"}, "contextmenu,2,false,false,false", "Right-click 'Row'"),
    ({"button": "middle"}, "auxclick,1,false,false,false", "Middle-click 'Row'"),
]


@browser_test
@pytest.mark.parametrize(("how", "said", "described"), CLICKS, ids=str)
async def test_a_click_is_recorded_as_it_was_and_done_again(
    harness: DriverHarness, how: dict[str, object], said: str, described: str
) -> None:
    (done,) = await click(harness, 70, 105, **how)
    await harness.text("#log", said)
    assert done.description == described
    assert done.action.model_dump(exclude_none=True, mode="json") == {"type": "click", "selector": ROW, **how}
    assert done.merges is False
    await harness.show("/")
    await harness.driver.perform(done.action, timeout_ms=15_000)
    await harness.text("#log", said)


def test_a_click_is_described_and_exported_as_it_was() -> None:
    action = Action.model_validate(
        {"type": "click", "selector": "text=Row", "button": "right", "modifiers": ["Control", "Shift"]}
    )
    assert describe_action(action) == "Control-Shift-right-click 'Row'"
    text = export(run_view("http://x/"), steps_of(action), "pytest")
    assert '.click(button="right", modifiers=["Control", "Shift"])' in text


def test_only_a_click_has_a_button() -> None:
    with pytest.raises(ValueError, match="only a click takes 'button'"):
        Action(type=ActionType.HOVER, selector="a", button="right")
    with pytest.raises(ValueError, match="only a click takes 'modifiers'"):
        Action(type=ActionType.DOUBLE_CLICK, selector="a", modifiers=("Alt",))


@browser_test
async def test_a_double_click_stays_one_step_with_its_first_click(harness: DriverHarness) -> None:
    done: list[HumanAction] = await click(harness, 70, 105)
    done += await click(harness, 70, 105, click_count=2)
    assert [(str(each.action.type), each.merges) for each in done] == [("click", False), ("double_click", True)]


PICKERS = """<title>Pickers</title><body style="margin: 0"><style>input { position: absolute; left: 10px; width: 150px;
height: 30px; margin: 0; padding: 0; border: 0 }</style>
<input style="top: 10px" type="date" aria-label="Day" value="2024-01-31" oninput="say('day=' + value)">
<input style="top: 50px" type="color" aria-label="Paint" value="#112233" oninput="say('paint=' + value)">
<input style="top: 90px" list="fruits" aria-label="Fruit" oninput="say('fruit=' + value)">
<datalist id="fruits"><option>apple<option>plum</datalist><input style="top: 130px" type="date" readonly>
<p id="log" style="position: absolute; top: 300px"></p>
<script>const say = text => { log.textContent += text + ';'; };</script></body>"""
POPUPS = [
    (25, "date", "2024-01-31", "2024-02-29", "day=2024-02-29", True),
    (65, "color", "#112233", "#ff8800", "paint=#ff8800", False),
    (105, "list", "", "plum", "fruit=plum", True),
]


@pytest_asyncio.fixture(loop_scope="session")
async def pickers(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness({"/": PICKERS}) as harness:
        await harness.show("/")
        harness.driver.attended = True
        yield harness


@browser_test
async def test_what_popups_ask_for_is_asked_of_the_person(pickers: DriverHarness) -> None:
    for y, kind, before, text, said, merges in POPUPS:
        await click(pickers, 30, y)
        asked = await pickers.dialogs.until(lambda dialog, kind=kind: dialog.input_type == kind)  # type: ignore[misc]
        assert (asked.kind, asked.default_value, asked.closed) == ("input", before, False)
        assert [each.label for each in asked.options or ()] == (["apple", "plum"] if kind == "list" else [])
        done = await pickers.driver.answer(AnswerDialog(dialog_id=asked.dialog_id, accept=True, text=text))
        assert done is not None
        assert (done.action.value, done.merges) == (text, merges)
        await pickers.text("#log", said)


@browser_test
async def test_who_types_in_the_picture_is_asked_no_more(pickers: DriverHarness) -> None:
    await click(pickers, 30, 105)
    asked = await pickers.dialogs.until(lambda dialog: dialog.input_type == "list")
    assert asked.options
    await key(pickers, "x", "KeyX")
    assert (await pickers.dialogs.until(lambda dialog: dialog.closed)).dialog_id == asked.dialog_id
    await pickers.text("#log", "fruit=x")
    before = len(pickers.dialogs)
    await click(pickers, 30, 145)
    assert len(pickers.dialogs) == before
