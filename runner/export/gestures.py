"""The helpers of exported tests that do what a hand does: they type, scroll, drag and upload as the driver does."""

from __future__ import annotations

from typing import Final

from runner.browser.actions.code_boxes import BOXES_FROM, HELD_BY_BOXES
from runner.browser.actions.drag_script import DRAG_POINT, WATCH
from runner.browser.actions.scroll_script import ONE_SCREEN, SCROLL, TO_TOP, WATCH_WHEEL
from runner.browser.actions.uploading import HELD_FILES, INPUT_WITHIN, PICKER, REACTED, WATCH_DROP, WATCH_PAGE

SCROLL_SCRIPT: Final = f'''
SCROLL = """{SCROLL}"""
WATCH_WHEEL = """{WATCH_WHEEL}"""
'''
SETTLE_HELPER: Final = '''

def settle(page: Page) -> None:
    """Leaves the page the time to take back what it does not accept."""
    page.wait_for_timeout(400)
'''
SCROLL_HELPER: Final = '''

def scroll(page: Page, pixels: float | None, *, to_end: bool = False) -> None:
    """Scrolls what a wheel over the middle of the page would: one screen for None, or until nothing more comes."""
    by = {"pixels": pixels, "end": to_end}
    last: JSHandle = page.evaluate_handle("() => ({ found: [] })")
    answer = last.evaluate(SCROLL, by)
    if answer["frame"]:
        frame = page.evaluate_handle("document.elementFromPoint(innerWidth / 2, innerHeight / 2)").as_element()
        within = frame.content_frame() if frame else None
        assert frame is not None and within is not None
        last = within.evaluate_handle("() => ({ found: [] })")
        answer = last.evaluate(SCROLL, by)
        if not answer["found"]:
            last = frame.evaluate_handle("start => ({ start, found: [] })")
            answer = last.evaluate(SCROLL, by)
    if not (answer["moved"] or answer["end"] or answer["fits"]):
        assert not to_end, "the page does not let itself be scrolled"
        width, height = page.evaluate("[innerWidth, innerHeight]")
        watch = page.evaluate_handle(WATCH_WHEEL)
        page.mouse.move(width / 2, height / 2)
        page.mouse.wheel(0, height if pixels is None else pixels)
        assert watch.evaluate("watch => watch.moved()"), "the page does not let itself be scrolled"
    assert answer["kept"], "the page has scrolled back by itself"
    still_since, give_up = time.monotonic(), time.monotonic() + 30
    while to_end and time.monotonic() - still_since < 1:
        if abs(last.evaluate(SCROLL, by)["moved"]) >= 1:
            still_since = time.monotonic()
        assert time.monotonic() < give_up, "the page grows on and on"
        page.wait_for_timeout(50)
'''
SCROLL_TO_HELPER: Final = f'''

def scroll_to(element: Locator) -> None:
    """Scrolls down, screen by screen, until the element is there, first from where the page is; then into view."""
    shown, page = element.filter(visible=True), element.page
    page.wait_for_timeout(0 if shown.count() else 500)
    places = page.evaluate_handle("by => (" + SCROLL + ")({{ found: [] }}, by)", {{"list": True}}).get_properties()
    for place in [] if shown.count() else [*places.values(), *places.values()]:
        still_since = time.monotonic()
        while not shown.count() and time.monotonic() - still_since < 1:
            if place.evaluate("""{ONE_SCREEN}"""):
                still_since = time.monotonic()
        if not shown.count():
            place.evaluate("{TO_TOP}")
    element.scroll_into_view_if_needed()
    expect(element).to_be_in_viewport()
'''
DRAG_HELPER: Final = f'''

def drag(source: Locator, target: Locator, *, seen: bool = True) -> None:
    """Drags as a hand does, in several moves; the page must show that it took the drop where it has been ``seen``."""
    page = source.page
    target.hover(trial=True)
    watch = source.evaluate_handle("""{WATCH}""", target.element_handle())

    def point(element: Locator) -> tuple[float, float]:
        box, (x, y) = element.bounding_box(), element.evaluate("""{DRAG_POINT}""")
        assert box is not None
        return box["x"] + box["width"] * x, box["y"] + box["height"] * y

    for hold in (0, 600):
        source.hover(trial=True)
        x, y = point(source)
        page.mouse.move(x, y)
        page.mouse.down()
        page.wait_for_timeout(hold)
        to_x, to_y = point(target)
        far = max(1.0, ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5)
        for pixels in (6, 12):
            page.mouse.move(x + (to_x - x) * pixels / far, y + (to_y - y) * pixels / far)
            page.wait_for_timeout(20)
        target.scroll_into_view_if_needed()
        to_x, to_y = point(target)
        for step in range(1, 9):
            page.mouse.move(x + (to_x - x) * step / 8, y + (to_y - y) * step / 8)
            page.wait_for_timeout(20)
        page.wait_for_timeout(120)
        page.mouse.move(to_x + 1, to_y)
        page.mouse.move(to_x, to_y)
        page.mouse.up()
        try:
            came = watch.evaluate("watch => watch.after()")
        except Error:
            return  # the drop has led to another page
        if came["reacted"]:
            break
    assert came["changed"] or came["dropped"] or not (seen or came["began"]), "the page has not taken the drop"
'''
UPLOAD_HELPER: Final = f'''

def upload(element: Locator, files: Any, *, seen: bool = True) -> None:
    """Gives files to a file input, to the chooser that a press opens, or drops them.

    Where it has been ``seen``, the input must hold them then, or the page show that it took them.
    """
    watch = element.evaluate_handle("""{WATCH_PAGE}""")
    if give(element, files):
        return
    try:
        taken = watch.evaluate("""{REACTED}""")
    except Error:
        return  # it has led to another page
    assert taken or not seen, "nothing shows that the page took the files"


def give(element: Locator, files: Any) -> bool:
    """Gives the files; says whether an input holds them then."""
    listed = files if isinstance(files, list) else [files]
    field = element.evaluate_handle("""{INPUT_WITHIN}""").as_element()
    if field is None:
        picker = element.evaluate_handle("""{PICKER}""")
        with suppress(TimeoutError), element.page.expect_file_chooser(timeout=1500) as chooser:
            element.click(timeout=1000)
            field = chooser.value.element
    if field is not None:
        field.set_input_files(listed)
        try:
            return field.evaluate("""{HELD_FILES}""")["held"] >= len(listed)
        except Error:
            return True  # it has led to another page
    if picker.evaluate("seen => {{ seen.restore?.(); return seen.asked; }}"):
        given = [{{**file, "base64": base64.b64encode(file["buffer"]).decode(), "buffer": None}} for file in listed]
        picker.evaluate("(seen, files) => seen.give(files)", given)
        return False
    seen = element.evaluate_handle("""{WATCH_DROP}""")
    element.drop({{"files": listed}})
    assert seen.evaluate("seen => seen.event?.defaultPrevented ?? false"), "the page does not take what is dropped"
    return False
'''
TYPE_CODE_HELPER: Final = f'''

def type_code(first: Locator, code: str) -> None:
    """Types a code into boxes of one character each, from this one on, and looks at what they hold then."""
    held = r"""{HELD_BY_BOXES}"""
    boxes = first.evaluate_handle(r"""element => {{ {BOXES_FROM} return boxesFrom(element); }}""").get_properties()
    if first.evaluate(held):
        for box in boxes.values():
            box.as_element().fill("")
    first.press_sequentially(code)
    first.page.wait_for_timeout(100)
    if len(first.evaluate(held)) < 2:
        for box, char in zip(boxes.values(), code):
            box.as_element().fill(char)
    give_up = time.monotonic() + 5
    while first.evaluate(held) != code:
        assert time.monotonic() < give_up, "the boxes have not taken the code"
        first.page.wait_for_timeout(50)
'''
