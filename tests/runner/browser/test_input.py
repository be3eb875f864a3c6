"""A person's pointer and keys reach the page as they were meant, and come back as steps that do the same again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from control.protocol.commands import Input
from runner.driver import HumanAction
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness, attended

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM = """<title>Form</title><body style="margin: 0">
<style>* { margin: 0 } .at { position: absolute; width: 120px; height: 30px; box-sizing: border-box }</style>
<p id="log" style="position: absolute; top: 560px"></p>
<button class="at" style="left: 10px; top: 10px" onclick="this.textContent = 'Done'">Do it</button>
<input class="at" style="left: 10px; top: 50px" aria-label="Name">
<input class="at" style="left: 10px; top: 90px" aria-label="Code" type="password">
<label class="at" style="left: 10px; top: 130px"><input type="checkbox"> I agree</label>
<textarea class="at" style="left: 10px; top: 170px" aria-label="Notes"></textarea>
<div class="at" style="left: 10px; top: 210px" contenteditable aria-label="Rich" role="textbox"></div>
<div class="at" style="left: 200px; top: 10px; background: #eee" id="pad" tabindex="0"></div>
<div class="at" style="left: 200px; top: 50px" draggable="true" id="card">Card</div>
<div class="at" style="left: 200px; top: 90px; background: #ddd" id="bin">Bin</div>
<iframe class="at" style="left: 400px; top: 50px; width: 300px; height: 100px; border: 3px solid" src="/inner"></iframe>
<div id="host" class="at" style="left: 200px; top: 130px"></div>
<div style="height: 3000px; width: 1px"></div>
<script>
  const say = text => { log.textContent += text + ';'; };
  for (const kind of ['pointerdown', 'pointerup', 'dblclick', 'contextmenu', 'auxclick'])
    pad.addEventListener(kind, event => {
      if (kind === 'contextmenu') event.preventDefault();
      const held = ['alt', 'ctrl', 'meta', 'shift'].filter(name => event[name + 'Key']).join('+');
      const at = [event.clientX, event.clientY].map(Math.round);
      say([kind, event.button, ...at, held, event.pointerType].join(','));
    });
  for (const kind of ['keydown', 'keyup'])
    pad.addEventListener(kind, event => say([kind, event.key, event.code, event.keyCode, event.repeat].join(',')));
  pad.addEventListener('pointermove', event => say('move,' + Math.round(event.clientX)));
  addEventListener('wheel', event => say('wheel,' + event.deltaY));
  card.addEventListener('dragstart', event => event.dataTransfer.setData('text', 'card'));
  bin.addEventListener('dragover', event => event.preventDefault());
  bin.addEventListener('drop', event => {
    event.preventDefault();
    say('dropped ' + event.dataTransfer.getData('text'));
  });
  addEventListener('paste', event => say('paste ' + event.clipboardData.getData('text/plain')));
  host.attachShadow({ mode: 'open' }).innerHTML = '<input aria-label="Deep" style="width: 100px">';
</script></body>"""
INNER = """<title>Inner</title><body style="margin: 0">
<button style="position: absolute; left: 10px; top: 10px; width: 90px; height: 30px"
  onclick="this.textContent = 'Hit'">Inside</button>
<input style="position: absolute; left: 10px; top: 50px; width: 90px; height: 20px" aria-label="Inner name"></body>"""
SCROLLS = """<title>Scrolls</title><body style="margin: 0">
<style>.at { position: absolute; left: 400px; width: 200px; height: 60px; margin: 0; border: 0; padding: 0 }</style>
<ul class="at" style="top: 200px; overflow-y: auto"></ul><iframe class="at" style="top: 300px" src="/long"></iframe>
<div style="height: 3000px; width: 1px"></div><script>
  for (let i = 0; i < 20; i++) document.querySelector('ul').innerHTML += `<li style="height: 30px">Item ${i}</li>`;
</script></body>"""
LONG = """<title>Long</title><body style="margin: 0"><script>
  for (let i = 0; i < 20; i++) document.body.innerHTML += `<p style="margin: 0; height: 30px">Line ${i}</p>`;
</script></body>"""
EMPTY = "<title>Empty</title>"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness(
        {"/": FORM, "/inner": INNER, "/scrolls": SCROLLS, "/long": LONG, "/empty": EMPTY}
    ) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: DriverHarness) -> AsyncIterator[DriverHarness]:
    async with attended(browser) as harness:
        yield harness


async def send(harness: DriverHarness, kind: str, x: float = 0, y: float = 0, **more: Any) -> list[HumanAction]:  # noqa: ANN401
    return await harness.driver.input(Input.model_validate({"kind": kind, "x": x, "y": y, **more}))


async def click(harness: DriverHarness, x: float, y: float, **more: Any) -> list[HumanAction]:  # noqa: ANN401
    return [*await send(harness, "down", x, y, **more), *await send(harness, "up", x, y, **more)]


async def key(harness: DriverHarness, key: str, code: str, *modifiers: str) -> list[HumanAction]:
    done = await send(harness, "key_down", key=key, code=code, modifiers=modifiers)
    return [*done, *await send(harness, "key_up", key=key, code=code, modifiers=modifiers)]


async def write(harness: DriverHarness, text: str) -> list[HumanAction]:
    return [done for letter in text for done in await key(harness, letter, f"Key{letter.upper()}")]


def told(actions: list[HumanAction]) -> list[tuple[str, str | None, str]]:
    return [(str(done.action.type), done.action.selector, done.action.text) for done in actions]


async def logged(harness: DriverHarness, wanted: str) -> None:
    await harness.text("#log", wanted)


async def test_a_click_is_told_with_the_locator_that_held_before_it(harness: DriverHarness) -> None:
    actions = await click(harness, 70, 25)
    assert told(actions) == [("click", 'role=button[name="Do it"]', "")]
    assert actions[0].description == "Click 'Do it'"
    await harness.text("button", "Done")


@pytest.mark.parametrize("scale", [0.5, 1, 1.6])
async def test_points_of_the_picture_are_points_of_the_page(harness: DriverHarness, scale: float) -> None:
    picture = {"width": 800 * scale, "height": 600 * scale}
    for x, y in [(201, 11), (319, 39)]:
        await click(harness, x * scale, y * scale, **picture)
        await logged(harness, f"pointerdown,0,{x},{y},,mouse;")


async def test_buttons_counts_and_modifiers(harness: DriverHarness) -> None:
    await click(harness, 250, 20, modifiers=["Control", "Shift"])
    await logged(harness, "pointerdown,0,250,20,ctrl+shift,mouse;")
    await click(harness, 250, 20, button="right")
    await logged(harness, "contextmenu,2,250,20,,mouse;")
    await click(harness, 250, 20, button="middle")
    await logged(harness, "auxclick,1,250,20,,mouse;")
    first = await click(harness, 250, 20)
    second = await click(harness, 250, 20, click_count=2)
    await logged(harness, "dblclick,0,250,20,,;")
    assert [(str(done.action.type), done.merges) for done in first + second] == [
        ("click", False),
        ("double_click", True),
    ]


async def test_text_in_a_field_is_one_step_in_place_of_the_click_into_it(harness: DriverHarness) -> None:
    actions = await click(harness, 70, 65)
    actions += await write(harness, "ada")
    actions += await key(harness, "Backspace", "Backspace")
    actions += await key(harness, "Tab", "Tab")
    name = 'role=textbox[name="Name"]'
    assert told(actions) == [("click", name, ""), ("type", name, "ad"), ("press", name, "Tab")]
    assert [done.merges for done in actions] == [False, True, False]
    assert actions[1].description == "Type 'ad' into 'Name'"


async def test_a_password_is_never_told(harness: DriverHarness) -> None:
    await click(harness, 70, 105)
    await write(harness, "secret")
    (typed,) = await harness.driver.flush_input()
    assert (typed.action.value, typed.description) == ("•••", "Type '•••' into 'Code'")
    await harness.do("expect_text", selector='role=textbox[name="Code"]', value="secret")


async def test_text_of_any_keyboard_input_method_and_clipboard(harness: DriverHarness) -> None:
    await click(harness, 70, 65)
    await key(harness, "ü", "BracketLeft")
    await key(harness, "Z", "KeyY", "Shift")
    await send(harness, "text", text="日本")
    await send(harness, "paste", text=" 😀")
    await logged(harness, "paste  😀")
    (typed,) = await harness.driver.flush_input()
    assert typed.action.value == "üZ日本 😀"


@pytest.mark.parametrize(("y", "selector"), [(185, 'role=textbox[name="Notes"]'), (225, 'role=textbox[name="Rich"]')])
async def test_text_areas_and_editable_elements(harness: DriverHarness, y: float, selector: str) -> None:
    await click(harness, 70, y)
    await write(harness, "hi")
    (typed,) = await harness.driver.flush_input()
    assert told([typed]) == [("type", selector, "hi")]


async def test_enter_in_a_text_area_is_text(harness: DriverHarness) -> None:
    await click(harness, 70, 185)
    await write(harness, "a")
    assert await key(harness, "Enter", "Enter") == []
    (typed,) = await harness.driver.flush_input()
    assert typed.action.value == "a\n"


async def test_shortcuts_edit_natively_and_are_told_as_what_comes_of_them(harness: DriverHarness) -> None:
    await click(harness, 70, 65)
    await write(harness, "old")
    await key(harness, "a", "KeyA", "Control")
    await write(harness, "new")
    (typed,) = await harness.driver.flush_input()
    assert typed.action.value == "new"


async def test_keys_have_their_code_and_repeat(harness: DriverHarness) -> None:
    await click(harness, 250, 20)
    await send(harness, "key_down", key="q", code="KeyA")
    await send(harness, "key_down", key="q", code="KeyA", repeat=True)
    await send(harness, "key_up", key="q", code="KeyA")
    await logged(harness, "keydown,q,KeyA,65,false;keydown,q,KeyA,65,true;keyup,q,KeyA,65,false;")
    actions = await key(harness, "ArrowDown", "ArrowDown")
    actions += await key(harness, "K", "KeyK", "Control", "Shift")
    assert told(actions) == [("press", "#pad", "ArrowDown"), ("press", "#pad", "Control+Shift+K")]
    await logged(harness, "keydown,ArrowDown,ArrowDown,40,false;")


async def test_a_key_without_focus_is_pressed_on_the_page(harness: DriverHarness) -> None:
    assert told(await key(harness, "Escape", "Escape")) == [("press", None, "Escape")]


async def test_a_box_is_told_as_checked_by_its_label_too(harness: DriverHarness) -> None:
    box = 'role=checkbox[name="I agree"]'
    assert told(await click(harness, 60, 140)) == [("check", box, "")]
    assert told(await click(harness, 18, 140)) == [("uncheck", box, "")]
    assert told(await key(harness, " ", "Space")) == [("check", box, "")]
    await harness.do("expect_visible", selector="input:checked")


async def test_a_click_beside_everything_is_no_step(harness: DriverHarness) -> None:
    assert await click(harness, 790, 590) == []


async def test_a_drag_has_two_ends(harness: DriverHarness) -> None:
    await send(harness, "down", 260, 65)
    await send(harness, "move", 260, 80)
    await send(harness, "move", 260, 104)
    (dragged,) = await send(harness, "up", 260, 105)
    await logged(harness, "dropped card;")
    assert told([dragged]) == [("drag", "text=Card", "")]
    assert dragged.action.target == "text=Bin"


async def test_the_wheel_is_one_step(harness: DriverHarness) -> None:
    for _ in range(3):
        assert await send(harness, "wheel", 400, 300, delta_y=120) == []
    await logged(harness, "wheel,120;wheel,120;wheel,120;")
    actions = await key(harness, "Escape", "Escape")
    assert told(actions) == [("scroll", None, "360"), ("press", None, "Escape")]
    assert actions[0].description == "Scroll down 360 px"


@pytest.mark.parametrize(
    ("y", "shown", "selector"),
    [
        (215, "Item 5", "text=Item 5"),
        (315, "Line 5", "iframe >> internal:control=enter-frame >> text=Line 5"),
    ],
    ids=["list", "frame"],
)
async def test_what_was_scrolled_within_the_page_is_told_by_what_it_shows(
    harness: DriverHarness, y: float, shown: str, selector: str
) -> None:
    await harness.show("/scrolls")
    harness.driver.attended = True
    for _ in range(3):
        assert await send(harness, "wheel", 450, y, delta_y=50) == []
    await until_shown(harness, 450, y, shown)
    assert told(await key(harness, "Escape", "Escape"))[0] == ("scroll", selector, "")
    assert await harness.driver.page.evaluate("scrollY") == 0
    await harness.show("/scrolls")
    await harness.do("scroll", selector=selector)
    assert await harness.driver.page.evaluate("scrollY") == 0
    assert await visible_text(harness, selector) == shown


async def test_a_list_at_its_end_leaves_the_wheel_to_the_page(harness: DriverHarness) -> None:
    await harness.show("/scrolls")
    harness.driver.attended = True
    assert await send(harness, "wheel", 450, 215, delta_y=-80) == []
    assert told(await harness.driver.flush_input()) == [("scroll", None, "-80")]


async def test_a_swipe_scrolls(harness: DriverHarness) -> None:
    await harness.show("/scrolls")
    harness.driver.attended = True
    await swipe(harness, 700, 500)
    await harness.driver.page.wait_for_function("scrollY > 0")
    (scrolled,) = await harness.driver.flush_input()
    assert told([scrolled]) == [("scroll", None, "100")]


async def test_a_swipe_within_a_list_is_told_by_what_it_shows(harness: DriverHarness) -> None:
    await harness.show("/scrolls")
    harness.driver.attended = True
    await swipe(harness, 450, 250)
    await harness.driver.page.wait_for_function("document.querySelector('ul').scrollTop > 0")
    (scrolled,) = await harness.driver.flush_input()
    assert told([scrolled])[0][:2] == ("scroll", scrolled.action.selector)
    assert (scrolled.action.selector or "").startswith("text=Item ")
    assert await harness.driver.page.evaluate("scrollY") == 0


async def swipe(harness: DriverHarness, x: float, y: float) -> None:
    """A finger goes up by 100 pixels."""
    await send(harness, "touch_start", x, y)
    for step in range(1, 5):
        await harness.driver.page.evaluate("() => new Promise(requestAnimationFrame)")
        await send(harness, "touch_move", x, y - 25 * step)
    await send(harness, "touch_end", x, y - 100)


async def until_shown(harness: DriverHarness, x: float, y: float, text: str) -> None:
    """The wheel scrolls smoothly."""
    at = """([x, y, text]) => {
      const hit = document.elementFromPoint(x, y);
      const box = hit.getBoundingClientRect();
      const found = hit.matches('iframe') ? hit.contentDocument.elementFromPoint(x - box.left, y - box.top) : hit;
      return found.textContent === text;
    }"""
    await harness.driver.page.wait_for_function(at, arg=[x, y, text])


async def visible_text(harness: DriverHarness, selector: str) -> str | None:
    return await harness.driver.page.locator(selector).text_content() if await harness.driver.find(selector) else None


async def test_a_press_where_the_pointer_rests_needs_no_move(harness: DriverHarness) -> None:
    await send(harness, "move", 250, 20)
    await logged(harness, "move,250;")
    click_ = "pointerdown,0,250,20,,mouse;pointerup,0,250,20,,mouse;"
    await click(harness, 250, 20)
    await click(harness, 250, 20)
    await logged(harness, f"move,250;{click_}{click_}")


@pytest.mark.parametrize("between", ["control that ended", "another page", "another place"])
async def test_a_press_is_preceded_by_a_move_where_the_pointer_may_be_elsewhere(
    harness: DriverHarness, between: str
) -> None:
    await click(harness, 250, 20)
    await logged(harness, "pointerup,0,250,20,,mouse;")
    if between == "another page":
        await harness.show("/")
        harness.driver.attended = True
    elif between == "control that ended":
        await harness.driver.flush_input()
        await harness.do("hover", selector="#bin")
    else:
        await click(harness, 260, 105)
    await harness.driver.page.evaluate("() => { log.textContent = ''; }")
    await click(harness, 250, 20)
    await logged(harness, "move,250;pointerdown,0,250,20,,mouse;pointerup,0,250,20,,mouse;")


async def test_frames_and_shadow_roots(harness: DriverHarness) -> None:
    (inside,) = await click(harness, 400 + 3 + 50, 50 + 3 + 25)
    assert inside.action.selector == 'iframe >> internal:control=enter-frame >> role=button[name="Inside"]'
    await harness.text("iframe >> internal:control=enter-frame >> button", "Hit")
    await click(harness, 400 + 3 + 50, 50 + 3 + 60)
    await write(harness, "in")
    inner, deep = await click(harness, 230, 140)
    name = 'iframe >> internal:control=enter-frame >> role=textbox[name="Inner name"]'
    assert told([inner]) == [("type", name, "in")]
    assert told([deep]) == [("click", 'role=textbox[name="Deep"]', "")]
    await write(harness, "deep")
    (deep,) = await harness.driver.flush_input()
    assert told([deep]) == [("type", 'role=textbox[name="Deep"]', "deep")]


async def test_only_the_newest_move_counts_and_none_waits(harness: DriverHarness) -> None:
    await send(harness, "move", 201, 20)
    for x in range(202, 300):
        assert await send(harness, "move", x, 20) == []
    await click(harness, 310, 20)
    await logged(harness, "move,299;")
    assert await harness.driver.count("text=move,250;") == 0


async def test_control_that_ends_lets_go_of_everything(harness: DriverHarness) -> None:
    await send(harness, "down", 250, 20)
    await send(harness, "key_down", key="x", code="KeyX")
    await harness.driver.flush_input()
    await logged(harness, "keyup,x,KeyX,88,false;")
    await logged(harness, "pointerup,0,250,20,,mouse;")


async def test_a_tap(harness: DriverHarness) -> None:
    await send(harness, "touch_start", 70, 25)
    assert told(await send(harness, "touch_end", 70, 25)) == [("click", 'role=button[name="Do it"]', "")]
    await harness.text("button", "Done")


async def test_many_at_once_keep_their_order(harness: DriverHarness) -> None:
    await click(harness, 70, 65)
    await asyncio.gather(*(send(harness, "text", text=str(digit)) for digit in range(10)))
    (typed,) = await harness.driver.flush_input()
    assert typed.action.value == "0123456789"


async def test_steps_do_the_same_again(harness: DriverHarness) -> None:
    actions = await click(harness, 70, 65)
    actions += await write(harness, "ada")
    actions += await click(harness, 60, 140)
    actions += await click(harness, 70, 25)
    actions += await harness.driver.flush_input()
    await harness.show("/")
    for done in actions:
        await harness.driver.perform(done.action, timeout_ms=15_000)
    await harness.text('role=textbox[name="Name"]', "ada")
    await harness.text("button", "Done")
    await harness.do("expect_visible", selector="input:checked")
