"""A person's pointer and keys reach the page as they were meant, and come back as steps that do the same again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from control.commands import Input
from runner.driver import HumanAction
from tests.runner.browser.seat import Seat, attended, seated

pytestmark = pytest.mark.asyncio(loop_scope="module")

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Seat]:
    async with seated({"/": FORM, "/inner": INNER, "/scrolls": SCROLLS, "/long": LONG, "/empty": EMPTY}) as seat:
        yield seat


@pytest_asyncio.fixture(loop_scope="module")
async def seat(browser: Seat) -> AsyncIterator[Seat]:
    async with attended(browser) as seat:
        yield seat


async def send(seat: Seat, kind: str, x: float = 0, y: float = 0, **more: Any) -> list[HumanAction]:  # noqa: ANN401
    return await seat.driver.input(Input.model_validate({"kind": kind, "x": x, "y": y, **more}))


async def click(seat: Seat, x: float, y: float, **more: Any) -> list[HumanAction]:  # noqa: ANN401
    return [*await send(seat, "down", x, y, **more), *await send(seat, "up", x, y, **more)]


async def key(seat: Seat, key: str, code: str, *modifiers: str) -> list[HumanAction]:
    done = await send(seat, "key_down", key=key, code=code, modifiers=modifiers)
    return [*done, *await send(seat, "key_up", key=key, code=code, modifiers=modifiers)]


async def write(seat: Seat, text: str) -> list[HumanAction]:
    return [done for letter in text for done in await key(seat, letter, f"Key{letter.upper()}")]


def told(actions: list[HumanAction]) -> list[tuple[str, str | None, str]]:
    return [(str(done.action.type), done.action.selector, done.action.text) for done in actions]


async def logged(seat: Seat, wanted: str) -> None:
    await seat.text("#log", wanted)


async def test_a_click_is_told_with_the_locator_that_held_before_it(seat: Seat) -> None:
    actions = await click(seat, 70, 25)
    assert told(actions) == [("click", 'role=button[name="Do it"]', "")]
    assert actions[0].description == "Click 'Do it'"
    await seat.text("button", "Done")


@pytest.mark.parametrize("scale", [0.5, 1, 1.6])
async def test_points_of_the_picture_are_points_of_the_page(seat: Seat, scale: float) -> None:
    picture = {"width": 800 * scale, "height": 600 * scale}
    for x, y in [(201, 11), (319, 39)]:
        await click(seat, x * scale, y * scale, **picture)
        await logged(seat, f"pointerdown,0,{x},{y},,mouse;")


async def test_buttons_counts_and_modifiers(seat: Seat) -> None:
    await click(seat, 250, 20, modifiers=["Control", "Shift"])
    await logged(seat, "pointerdown,0,250,20,ctrl+shift,mouse;")
    await click(seat, 250, 20, button="right")
    await logged(seat, "contextmenu,2,250,20,,mouse;")
    await click(seat, 250, 20, button="middle")
    await logged(seat, "auxclick,1,250,20,,mouse;")
    first = await click(seat, 250, 20)
    second = await click(seat, 250, 20, click_count=2)
    await logged(seat, "dblclick,0,250,20,,;")
    assert [(str(done.action.type), done.merges) for done in first + second] == [
        ("click", False),
        ("double_click", True),
    ]


async def test_text_in_a_field_is_one_step_in_place_of_the_click_into_it(seat: Seat) -> None:
    actions = await click(seat, 70, 65)
    actions += await write(seat, "ada")
    actions += await key(seat, "Backspace", "Backspace")
    actions += await key(seat, "Tab", "Tab")
    name = 'role=textbox[name="Name"]'
    assert told(actions) == [("click", name, ""), ("type", name, "ad"), ("press", name, "Tab")]
    assert [done.merges for done in actions] == [False, True, False]
    assert actions[1].description == "Type 'ad' into 'Name'"


async def test_a_password_is_never_told(seat: Seat) -> None:
    await click(seat, 70, 105)
    await write(seat, "secret")
    (typed,) = await seat.driver.flush_input()
    assert (typed.action.value, typed.description) == ("•••", "Type '•••' into 'Code'")
    await seat.do("expect_text", selector='role=textbox[name="Code"]', value="secret")


async def test_text_of_any_keyboard_input_method_and_clipboard(seat: Seat) -> None:
    await click(seat, 70, 65)
    await key(seat, "ü", "BracketLeft")
    await key(seat, "Z", "KeyY", "Shift")
    await send(seat, "text", text="日本")
    await send(seat, "paste", text=" 😀")
    await logged(seat, "paste  😀")
    (typed,) = await seat.driver.flush_input()
    assert typed.action.value == "üZ日本 😀"


@pytest.mark.parametrize(("y", "selector"), [(185, 'role=textbox[name="Notes"]'), (225, 'role=textbox[name="Rich"]')])
async def test_text_areas_and_editable_elements(seat: Seat, y: float, selector: str) -> None:
    await click(seat, 70, y)
    await write(seat, "hi")
    (typed,) = await seat.driver.flush_input()
    assert told([typed]) == [("type", selector, "hi")]


async def test_enter_in_a_text_area_is_text(seat: Seat) -> None:
    await click(seat, 70, 185)
    await write(seat, "a")
    assert await key(seat, "Enter", "Enter") == []
    (typed,) = await seat.driver.flush_input()
    assert typed.action.value == "a\n"


async def test_shortcuts_edit_natively_and_are_told_as_what_comes_of_them(seat: Seat) -> None:
    await click(seat, 70, 65)
    await write(seat, "old")
    await key(seat, "a", "KeyA", "Control")
    await write(seat, "new")
    (typed,) = await seat.driver.flush_input()
    assert typed.action.value == "new"


async def test_keys_have_their_code_and_repeat(seat: Seat) -> None:
    await click(seat, 250, 20)
    await send(seat, "key_down", key="q", code="KeyA")
    await send(seat, "key_down", key="q", code="KeyA", repeat=True)
    await send(seat, "key_up", key="q", code="KeyA")
    await logged(seat, "keydown,q,KeyA,65,false;keydown,q,KeyA,65,true;keyup,q,KeyA,65,false;")
    actions = await key(seat, "ArrowDown", "ArrowDown")
    actions += await key(seat, "K", "KeyK", "Control", "Shift")
    assert told(actions) == [("press", "#pad", "ArrowDown"), ("press", "#pad", "Control+Shift+K")]
    await logged(seat, "keydown,ArrowDown,ArrowDown,40,false;")


async def test_a_key_without_focus_is_pressed_on_the_page(seat: Seat) -> None:
    assert told(await key(seat, "Escape", "Escape")) == [("press", None, "Escape")]


async def test_a_box_is_told_as_checked_by_its_label_too(seat: Seat) -> None:
    box = 'role=checkbox[name="I agree"]'
    assert told(await click(seat, 60, 140)) == [("check", box, "")]
    assert told(await click(seat, 18, 140)) == [("uncheck", box, "")]
    assert told(await key(seat, " ", "Space")) == [("check", box, "")]
    await seat.do("expect_visible", selector="input:checked")


async def test_a_click_beside_everything_is_no_step(seat: Seat) -> None:
    assert await click(seat, 790, 590) == []


async def test_a_drag_has_two_ends(seat: Seat) -> None:
    await send(seat, "down", 260, 65)
    await send(seat, "move", 260, 80)
    await send(seat, "move", 260, 104)
    (dragged,) = await send(seat, "up", 260, 105)
    await logged(seat, "dropped card;")
    assert told([dragged]) == [("drag", "text=Card", "")]
    assert dragged.action.target == "text=Bin"


async def test_the_wheel_is_one_step(seat: Seat) -> None:
    for _ in range(3):
        assert await send(seat, "wheel", 400, 300, delta_y=120) == []
    await logged(seat, "wheel,120;wheel,120;wheel,120;")
    actions = await key(seat, "Escape", "Escape")
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
    seat: Seat, y: float, shown: str, selector: str
) -> None:
    await seat.show("/scrolls")
    seat.driver.attended = True
    for _ in range(3):
        assert await send(seat, "wheel", 450, y, delta_y=50) == []
    await until_shown(seat, 450, y, shown)
    assert told(await key(seat, "Escape", "Escape"))[0] == ("scroll", selector, "")
    assert await seat.driver.page.evaluate("scrollY") == 0
    await seat.show("/scrolls")
    await seat.do("scroll", selector=selector)
    assert await seat.driver.page.evaluate("scrollY") == 0
    assert await visible_text(seat, selector) == shown


async def test_a_list_at_its_end_leaves_the_wheel_to_the_page(seat: Seat) -> None:
    await seat.show("/scrolls")
    seat.driver.attended = True
    assert await send(seat, "wheel", 450, 215, delta_y=-80) == []
    assert told(await seat.driver.flush_input()) == [("scroll", None, "-80")]


async def test_a_swipe_scrolls(seat: Seat) -> None:
    await seat.show("/scrolls")
    seat.driver.attended = True
    await swipe(seat, 700, 500)
    await seat.driver.page.wait_for_function("scrollY > 0")
    (scrolled,) = await seat.driver.flush_input()
    assert told([scrolled]) == [("scroll", None, "100")]


async def test_a_swipe_within_a_list_is_told_by_what_it_shows(seat: Seat) -> None:
    await seat.show("/scrolls")
    seat.driver.attended = True
    await swipe(seat, 450, 250)
    await seat.driver.page.wait_for_function("document.querySelector('ul').scrollTop > 0")
    (scrolled,) = await seat.driver.flush_input()
    assert told([scrolled])[0][:2] == ("scroll", scrolled.action.selector)
    assert (scrolled.action.selector or "").startswith("text=Item ")
    assert await seat.driver.page.evaluate("scrollY") == 0


async def swipe(seat: Seat, x: float, y: float) -> None:
    """A finger goes up by 100 pixels."""
    await send(seat, "touch_start", x, y)
    for step in range(1, 5):
        await seat.driver.page.evaluate("() => new Promise(requestAnimationFrame)")
        await send(seat, "touch_move", x, y - 25 * step)
    await send(seat, "touch_end", x, y - 100)


async def until_shown(seat: Seat, x: float, y: float, text: str) -> None:
    """The wheel scrolls smoothly."""
    at = """([x, y, text]) => {
      const hit = document.elementFromPoint(x, y);
      const box = hit.getBoundingClientRect();
      const found = hit.matches('iframe') ? hit.contentDocument.elementFromPoint(x - box.left, y - box.top) : hit;
      return found.textContent === text;
    }"""
    await seat.driver.page.wait_for_function(at, arg=[x, y, text])


async def visible_text(seat: Seat, selector: str) -> str | None:
    return await seat.driver.page.locator(selector).text_content() if await seat.driver.find(selector) else None


async def test_a_press_where_the_pointer_rests_needs_no_move(seat: Seat) -> None:
    await send(seat, "move", 250, 20)
    await logged(seat, "move,250;")
    click_ = "pointerdown,0,250,20,,mouse;pointerup,0,250,20,,mouse;"
    await click(seat, 250, 20)
    await click(seat, 250, 20)
    await logged(seat, f"move,250;{click_}{click_}")


@pytest.mark.parametrize("between", ["control that ended", "another page", "another place"])
async def test_a_press_is_preceded_by_a_move_where_the_pointer_may_be_elsewhere(seat: Seat, between: str) -> None:
    await click(seat, 250, 20)
    await logged(seat, "pointerup,0,250,20,,mouse;")
    if between == "another page":
        await seat.show("/")
        seat.driver.attended = True
    elif between == "control that ended":
        await seat.driver.flush_input()
        await seat.do("hover", selector="#bin")
    else:
        await click(seat, 260, 105)
    await seat.driver.page.evaluate("() => { log.textContent = ''; }")
    await click(seat, 250, 20)
    await logged(seat, "move,250;pointerdown,0,250,20,,mouse;pointerup,0,250,20,,mouse;")


async def test_frames_and_shadow_roots(seat: Seat) -> None:
    (inside,) = await click(seat, 400 + 3 + 50, 50 + 3 + 25)
    assert inside.action.selector == 'iframe >> internal:control=enter-frame >> role=button[name="Inside"]'
    await seat.text("iframe >> internal:control=enter-frame >> button", "Hit")
    await click(seat, 400 + 3 + 50, 50 + 3 + 60)
    await write(seat, "in")
    inner, deep = await click(seat, 230, 140)
    name = 'iframe >> internal:control=enter-frame >> role=textbox[name="Inner name"]'
    assert told([inner]) == [("type", name, "in")]
    assert told([deep]) == [("click", 'role=textbox[name="Deep"]', "")]
    await write(seat, "deep")
    (deep,) = await seat.driver.flush_input()
    assert told([deep]) == [("type", 'role=textbox[name="Deep"]', "deep")]


async def test_only_the_newest_move_counts_and_none_waits(seat: Seat) -> None:
    await send(seat, "move", 201, 20)
    for x in range(202, 300):
        assert await send(seat, "move", x, 20) == []
    await click(seat, 310, 20)
    await logged(seat, "move,299;")
    assert await seat.driver.count("text=move,250;") == 0


async def test_control_that_ends_lets_go_of_everything(seat: Seat) -> None:
    await send(seat, "down", 250, 20)
    await send(seat, "key_down", key="x", code="KeyX")
    await seat.driver.flush_input()
    await logged(seat, "keyup,x,KeyX,88,false;")
    await logged(seat, "pointerup,0,250,20,,mouse;")


async def test_a_tap(seat: Seat) -> None:
    await send(seat, "touch_start", 70, 25)
    assert told(await send(seat, "touch_end", 70, 25)) == [("click", 'role=button[name="Do it"]', "")]
    await seat.text("button", "Done")


async def test_many_at_once_keep_their_order(seat: Seat) -> None:
    await click(seat, 70, 65)
    await asyncio.gather(*(send(seat, "text", text=str(digit)) for digit in range(10)))
    (typed,) = await seat.driver.flush_input()
    assert typed.action.value == "0123456789"


async def test_steps_do_the_same_again(seat: Seat) -> None:
    actions = await click(seat, 70, 65)
    actions += await write(seat, "ada")
    actions += await click(seat, 60, 140)
    actions += await click(seat, 70, 25)
    actions += await seat.driver.flush_input()
    await seat.show("/")
    for done in actions:
        await seat.driver.perform(done.action, timeout_ms=15_000)
    await seat.text('role=textbox[name="Name"]', "ada")
    await seat.text("button", "Done")
    await seat.do("expect_visible", selector="input:checked")
