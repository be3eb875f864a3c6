"""Secrets' values are kept out of every shape, and kept working in actions."""

from __future__ import annotations

import logging

import pytest

from control.errors import UnknownSecret
from control.protocol import events as e
from control.protocol.actions import Action, Size
from control.protocol.models import NewRun
from runner.log import RunLog
from runner.run.masking import Masking

MASKING = Masking({"PW": "hunter2", "LONG": "hunter2 and more", "SHORT": "ok"})


def typing(value: str) -> Action:
    return Action.model_validate({"type": "type", "selector": "#pw", "value": value})


def test_free_text_is_masked_wherever_it_is() -> None:
    page = e.PageChanged(
        url="http://x/?q=hunter2",
        title="hunter2",
        tabs=(e.Tab(index=0, url="http://x/hunter2", title="t", active=True),),
        viewport=Size(width=800, height=600),
    )
    shown = MASKING.shape(page)
    assert "hunter2" not in str(shown)
    assert shown.viewport == page.viewport
    dialog = e.Dialog(dialog_id="d", kind="select", options=(e.Choice(value="hunter2", label="a hunter2"),))
    assert "hunter2" not in str(MASKING.shape(dialog))


def test_what_is_not_free_text_stays() -> None:
    masking = Masking({"A": "alert", "D": "dialog", "I": "d-1"})
    dialog = e.Dialog(dialog_id="d-1", kind="alert", message="alert")
    assert masking.shape(dialog) == dialog.model_copy(update={"message": "•••"})


def test_an_action_names_the_secret_and_still_works() -> None:
    named = MASKING.action(typing("hunter2"))
    assert named.value == "{{secret:PW}}"
    assert MASKING.resolve(named) == typing("hunter2")
    assert MASKING.action(typing("hunter2 and more")).value == "{{secret:LONG}}"


def test_a_name_that_holds_another_value_still_works() -> None:
    masking = Masking({"user": "admin", "admin_password": "hunter2"})
    named = masking.action(typing("{{secret:admin_password}} admin"))
    assert named.value == "{{secret:admin_password}} {{secret:user}}"
    assert masking.resolve(named).value == "hunter2 admin"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownSecret):
        MASKING.resolve(typing("{{secret:NOPE}}"))


def test_a_number_stays_a_number() -> None:
    wait = Action.model_validate({"type": "wait", "value": 500})
    assert MASKING.resolve(MASKING.action(wait)).value == 500


def test_what_a_run_is_made_from_names_its_secrets() -> None:
    spec = NewRun(
        url="http://hunter2.test/", name="hunter2", instructions="Type hunter2", steps=(typing("hunter2"),), secrets={}
    )
    shown = MASKING.spec(spec)
    assert "hunter2" not in str(shown)
    assert MASKING.resolve_text(shown.url) == spec.url
    assert MASKING.spec(NewRun(url="http://x/")) == NewRun(url="http://x/")


def test_a_log_line_says_of_which_run_it_is_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    log = RunLog(logging.getLogger("test"), "abcdefghij", MASKING.text)
    try:
        raise ValueError("hunter2 was wrong")
    except ValueError:
        log.error("no: %s", "hunter2", exc_info=True)
    log.debug("nobody listens")
    (line,) = caplog.records
    assert line.getMessage().startswith("[run abcdefgh] no: •••\nTraceback")
    assert "hunter2" not in caplog.text
    assert line.__dict__["run"] == "abcdefghij"


class TestPicked:
    def test_what_it_says_may_be_expected_and_refers_to_nothing_by_itself(self) -> None:
        words = "It's  hunter2,\n says {{secret:LONG}}"
        picked = MASKING.picked(e.Picked(selector="#a", text=words, holds="text", content=words))
        assert picked.text == "It's •••, says {{secret:LONG}}"
        action = Action.model_validate({"type": "expect_text", "selector": "#a", "value": picked.content})
        assert MASKING.resolve_text(action.text) == "It's hunter2, says {{secret:LONG}}"
        assert "hunter2" not in str(picked)

    @pytest.mark.parametrize("before", [*range(180, 202)])
    def test_no_secret_is_cut_in_two(self, before: int) -> None:
        words = "x" * before + " hunter2 " + "y " * 200
        picked = MASKING.picked(e.Picked(selector="#a", text=words, holds="text", content=words))
        assert "hunt" not in str(picked)
        assert picked.content is not None
        assert len(picked.content) <= 200
        assert picked.content.count("{{") == picked.content.count("}}")
        assert MASKING.resolve_text(picked.content) in " ".join(words.split())

    def test_a_secret_that_a_field_shows_in_parts_is_left_out(self) -> None:
        masking = Masking({"CARD": "4242424242424242"})
        shown = "4242 4242 4242 4242"
        picked = masking.picked(e.Picked(selector="#card", text=shown, holds="text", content=shown))
        assert (picked.text, picked.content) == (None, None)

    def test_its_selector_comes_as_tests_write_it(self) -> None:
        picked = MASKING.picked(e.Picked(selector='role=button[name="Pay"]'))
        assert picked.locators is not None
        assert picked.locators.typescript == "getByRole('button', { name: 'Pay', exact: true })"
        assert picked.content is None
