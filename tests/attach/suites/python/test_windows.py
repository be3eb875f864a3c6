"""Popups, dialogs, files, frames and shadow DOM."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

Visit = Callable[[str], Page]


@pytest.mark.smoke
@pytest.mark.parametrize("link", ["Open by link", "Open apart"])
def test_popup_by_link(visit: Visit, link: str) -> None:
    page = visit("popups")
    with page.expect_popup() as opened:
        page.get_by_role("link", name=link).click()
    popup = opened.value
    expect(popup.get_by_role("heading")).to_have_text("A popup")
    assert len(page.context.pages) == 2
    popup.close()
    assert page.context.pages == [page]


def test_popup_answers_its_opener(visit: Visit) -> None:
    page = visit("popups")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open by script").click()
    opened.value.get_by_label("Word").fill("ahoy")
    opened.value.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("ahoy")


def test_popup_closes_itself(visit: Visit) -> None:
    page = visit("popups")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open by script").click()
    with opened.value.expect_event("close"):
        opened.value.get_by_role("button", name="Leave").click()
    assert opened.value.is_closed()
    expect(page.get_by_role("status")).to_have_text("gone")


def test_two_popups(visit: Visit) -> None:
    page = visit("popups")
    seen: list[Page] = []
    page.on("popup", lambda each: seen.append(each))  # noqa: PLW0108 - Playwright marks its handlers
    with page.context.expect_page(lambda each: each.url.endswith("?2")):
        page.get_by_role("button", name="Open two").click()
    assert sorted(each.url[-2:] for each in seen) == ["?1", "?2"]
    for each in seen:
        each.close()


def test_alert(visit: Visit) -> None:
    page = visit("dialogs")
    with page.expect_event("dialog", lambda dialog: dialog.dismiss() is None) as shown:
        page.get_by_role("button", name="Alert").click()
    assert (shown.value.type, shown.value.message) == ("alert", "Mind the gap")
    expect(page.get_by_role("status")).to_have_text("after the alert")


@pytest.mark.parametrize(("accept", "said"), [(True, "yes"), (False, "no")])
def test_confirm(visit: Visit, accept: bool, said: str) -> None:
    page = visit("dialogs")
    page.on("dialog", lambda dialog: dialog.accept() if accept else dialog.dismiss())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_have_text(said)


def test_prompt(visit: Visit) -> None:
    page = visit("dialogs")
    page.once("dialog", lambda dialog: dialog.accept(f"not {dialog.default_value}"))
    page.get_by_role("button", name="Prompt").click()
    expect(page.get_by_role("status")).to_have_text("not Nobody")


@pytest.mark.parametrize(
    ("button", "said"),
    [("Alert", "after the alert"), ("Confirm", "no"), ("Prompt", "null"), ("Later", "late no"), ("Two", "false,false")],
)
def test_dialog_that_nobody_answers(visit: Visit, button: str, said: str) -> None:
    page = visit("dialogs")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_have_text(said)


def test_two_dialogs_in_turn(visit: Visit) -> None:
    page = visit("dialogs")
    page.on("dialog", lambda dialog: dialog.accept() if dialog.message == "Two?" else dialog.dismiss())
    page.get_by_role("button", name="Two of them").click()
    expect(page.get_by_role("status")).to_have_text("false,true")


def test_page_that_asks_before_it_leaves(visit: Visit) -> None:
    page = visit("dialogs")
    page.get_by_role("button", name="Guard").click()
    kinds: list[str] = []

    def leave(dialog: Dialog) -> None:
        kinds.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    assert kinds == ["beforeunload"]


@pytest.mark.smoke
def test_download(visit: Visit, tmp_path: Path) -> None:
    page = visit("files")
    with page.expect_download() as started:
        page.get_by_role("link", name="Report").click()
    download = started.value
    assert download.suggested_filename == "report.csv"
    download.save_as(tmp_path / "report.csv")
    assert (tmp_path / "report.csv").read_text().splitlines()[1] == "mug,3"
    assert download.failure() is None


def test_download_of_a_blob(visit: Visit) -> None:
    page = visit("files")
    with page.expect_download() as started:
        page.get_by_role("link", name="Note").click()
    assert started.value.suggested_filename == "note.txt"
    assert Path(started.value.path()).read_text() == "made in the page"
    started.value.delete()


@pytest.mark.smoke
def test_upload_of_a_file(visit: Visit, tmp_path: Path) -> None:
    page = visit("files")
    (tmp_path / "ticket.txt").write_text("seat 12A")
    page.get_by_label("One file").set_input_files(tmp_path / "ticket.txt")
    expect(page.get_by_role("status")).to_have_text("ticket.txt 8")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text('sent [{"name":"ticket.txt","size":8}]')
    page.get_by_label("One file").set_input_files([])
    expect(page.get_by_role("status")).to_have_text("nothing")


def test_upload_of_several(visit: Visit, tmp_path: Path) -> None:
    page = visit("files")
    (tmp_path / "a.bin").write_bytes(bytes(300_000))
    (tmp_path / "b.bin").write_bytes(bytes(5))
    page.get_by_label("Many files").set_input_files([tmp_path / "a.bin", tmp_path / "b.bin"])
    expect(page.get_by_role("status")).to_have_text("a.bin 300000, b.bin 5")


def test_file_chooser(visit: Visit, tmp_path: Path) -> None:
    page = visit("files")
    (tmp_path / "hidden.txt").write_text("x")
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name="Choose").click()
    assert not asked.value.is_multiple()
    asked.value.set_files(tmp_path / "hidden.txt")
    expect(page.get_by_role("status")).to_have_text("hidden.txt 1")


def test_frame(visit: Visit) -> None:
    near = visit("frames").frame_locator("[name=near]")
    near.get_by_label("Seat").fill("1A")
    near.get_by_role("button", name="Book").click()
    expect(near.get_by_role("status")).to_have_text("booked 1A")


def test_nested_and_foreign_frames(visit: Visit) -> None:
    page = visit("frames")
    inner = page.frame_locator("[name=nested]").frame_locator("[name=inner]")
    far = page.frame_locator("[name=far]")
    for within, seat in ((inner, "2B"), (far, "3C")):
        within.get_by_label("Seat").fill(seat)
        within.get_by_role("button", name="Book").click()
    expect(inner.get_by_role("status")).to_have_text("booked 2B")
    expect(far.get_by_role("status")).to_have_text("booked 3C")
    frame = page.frame(name="far")
    assert frame
    assert frame.evaluate("location.hostname") == "localhost"
    assert frame.parent_frame == page.main_frame


def test_shadow_dom(visit: Visit) -> None:
    page = visit("shadow")
    more = page.get_by_role("button", name="More Bags")
    more.click()
    more.click(click_count=2, delay=20)
    page.get_by_label("More Cards").click()
    expect(page.get_by_label("Bags").last).to_have_text("3")
    expect(page.locator("card-box output")).to_have_text("1")
    expect(page.get_by_text("From the light")).to_be_visible()


def test_closing_the_last_page(page: Page, pages_url: str) -> None:
    page.goto(f"{pages_url}/inner.html")
    page.close()
    assert page.context.pages == []
    again = page.context.new_page()
    again.goto(f"{pages_url}/inner.html")
    expect(again).to_have_title("Inner")
    again.close()


def test_use_of_a_closed_page(page: Page) -> None:
    page.close()
    with pytest.raises(Exception, match=re.compile("closed")):
        page.get_by_role("button").click()
