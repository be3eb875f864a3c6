"""Mouse, keyboard and form elements."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[[str], Page]


def _log(page: Page) -> list[str]:
    return page.get_by_label("Log").get_by_role("listitem").all_inner_texts()


def test_mouse(visit: Visit) -> None:
    page = visit("gestures")
    pad = page.get_by_label("Pad")
    pad.click(button="right")
    assert _log(page) == ["mousedown 2", "contextmenu 2", "mouseup 2"]
    page.locator("#log").evaluate("log => log.replaceChildren()")
    pad.dblclick()
    assert _log(page).count("click 0") == 2
    assert _log(page)[-1] == "dblclick 0"
    pad.click(modifiers=["Shift"], position={"x": 5, "y": 5})
    assert _log(page)[-1] == "click 0 shift"


def test_mouse_by_coordinates(visit: Visit) -> None:
    page = visit("gestures")
    box = page.get_by_label("Pad").bounding_box()
    assert box
    page.mouse.click(box["x"] + 3, box["y"] + 3)
    page.mouse.move(box["x"] + 30, box["y"] + 30, steps=3)
    page.mouse.down()
    page.mouse.up()
    assert _log(page) == ["mousedown 0", "mouseup 0", "click 0"] * 2
    page.get_by_label("Tall").hover()
    page.mouse.wheel(0, 300)
    expect(page.get_by_role("status")).to_have_text("scrolled")


def test_drag_and_drop(visit: Visit) -> None:
    page = visit("gestures")
    page.get_by_text("Parcel").drag_to(page.get_by_text("Shelf"))
    expect(page.locator("#to")).to_have_text("Has parcel")


def test_hover_and_focus(visit: Visit) -> None:
    page = visit("gestures")
    page.get_by_role("button", name="Help").hover()
    expect(page.get_by_text("Hold on")).to_be_visible()
    text = page.get_by_label("Text")
    text.focus()
    expect(text).to_be_focused()
    text.blur()
    assert _log(page) == ["focus", "blur"]


def test_keyboard(visit: Visit) -> None:
    page = visit("gestures")
    text = page.get_by_label("Text")
    text.press_sequentially("ab", delay=10)
    text.press("Backspace")
    page.keyboard.down("Shift")
    page.keyboard.press("KeyC")
    page.keyboard.up("Shift")
    expect(text).to_have_value("aC")
    assert [line for line in _log(page) if line.startswith("keydown")] == [
        f"keydown {key}" for key in ("a", "b", "Backspace", "Shift", "C")
    ]
    text.press("ControlOrMeta+a")
    page.keyboard.insert_text("ø")
    expect(text).to_have_value("ø")
    text.clear()
    expect(text).to_be_empty()


def test_select(visit: Visit) -> None:
    page = visit("gestures")
    fruit = page.get_by_label("Fruit")
    assert fruit.select_option(["Apple", "q"]) == ["Apple", "q"]
    expect(fruit).to_have_values(["Apple", "q"])
    assert fruit.select_option(index=1) == ["Pear"]
    assert page.get_by_label("Class").select_option(label="Business") == ["Business"]


def test_check(visit: Visit) -> None:
    page = visit("gestures")
    wifi, aisle = page.get_by_label("Wifi"), page.get_by_role("radio", name="Aisle")
    wifi.check()
    wifi.check()
    expect(wifi).to_be_checked()
    wifi.uncheck()
    expect(wifi).not_to_be_checked()
    wifi.set_checked(True)
    aisle.check()
    assert aisle.is_checked()
    assert not page.get_by_label("Window").is_checked()


def test_other_fields(visit: Visit) -> None:
    page = visit("gestures")
    page.get_by_label("Volume").fill("8")
    expect(page.get_by_role("status")).to_have_text("volume 8")
    page.get_by_label("Rich").fill("Richer")
    assert page.get_by_label("Rich").inner_html() == "Richer"
    page.get_by_label("Text").dispatch_event("focus")
    assert _log(page)[-1] == "focus"
    page.get_by_text("Tall").last.scroll_into_view_if_needed()
