"""Shapes on the wire: names, times, and what each action needs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from control.protocol import events as e
from control.protocol.actions import Action, ActionType
from control.protocol.commands import explain
from control.protocol.models import NewRun, RunStatus
from control.protocol.shape import rfc3339, utc_now
from tests.control.run_scenarios import FAILED, RunScenario

MOMENT = datetime(2026, 1, 31, 9, 30, 0, 125_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (MOMENT, "2026-01-31T09:30:00.125Z"),
        (MOMENT.replace(microsecond=0), "2026-01-31T09:30:00.000Z"),
        (MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-01-31T09:30:00.125Z"),
    ],
)
def test_times_are_rfc_3339_in_utc_with_milliseconds(moment: datetime, text: str) -> None:
    assert rfc3339(moment) == text


def test_the_wall_clock_has_a_zone() -> None:
    assert utc_now().utcoffset() == timedelta(0)


def fields(value: object) -> set[str]:
    """All names in a JSON value, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*(fields(inner) for inner in value.values()))
    return set().union(*(fields(inner) for inner in value)) if isinstance(value, list) else set()


def test_what_goes_over_the_wire_is_camel_case_and_its_times_are_text() -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.run.ask_help("it is gone", (scenario.idea("near", source="repair"),))
    scenario.take()
    messages = [entry.message() for entry in scenario.published]
    messages.append(scenario.run.log.reply(e.Hello(role="owner", viewer_id="v", run=scenario.run.view())))
    assert {name for name in fields(messages) if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)} == set()
    times = [value for message in messages for name, value in message.items() if name in {"at", "since", "deadline"}]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times)


def test_a_run_has_the_fields_of_the_contract() -> None:
    run = """id name status paused url instructions instructionsVersion planner mode currentStep totalSteps steps
        proposal control viewers controllers watchers createdAt startedAt endedAt error failedSteps attention
        lastScreenshotUrl curtain record plan trace comments client test session"""
    assert set(RunScenario().run.view().dump()) == set(run.split())


def test_a_step_has_the_fields_of_the_contract() -> None:
    scenario = RunScenario().open()
    step = """stepNumber action target value description source reasoning status error screenshotUrl url timestamp
        durationMs instructionsVersion"""
    assert set(scenario.do().dump()) >= set(step.split())


def test_three_statuses_are_final() -> None:
    assert {status for status in RunStatus if status.final} == {"passed", "failed", "cancelled"}


# Actions

_SELECTOR = {"selector": "#a"}
_BOTH = {"selector": "#a", "value": "b"}
_VALUE = {"value": "b"}
ENOUGH: dict[str, dict[str, Any]] = {
    "click": _SELECTOR,
    "double_click": _SELECTOR,
    "hover": _SELECTOR,
    "check": _SELECTOR,
    "uncheck": _SELECTOR,
    "expect_visible": _SELECTOR,
    "type": _BOTH,
    "select": _BOTH,
    "upload": _BOTH,
    "expect_text": _BOTH,
    "press": _VALUE,
    "navigate": _VALUE,
    "expect_url": _VALUE,
    "call": _VALUE,
    "expect_download": _VALUE,
    "new_tab": {},
    "switch_tab": {"value": 0},
    "close_tab": {"value": 0},
    "back": {},
    "forward": {},
    "reload": {},
    "scroll": {},
    "wait": {"value": 100},
    "drag": {"selector": "#a", "target": "#b"},
}


def refusal(action: dict[str, Any]) -> str | None:
    """The field that is refused, and None where the action is accepted."""
    try:
        Action.model_validate(action)
    except ValidationError as error:
        return explain(error).field
    return None


def test_no_action_type_is_left_out() -> None:
    assert set(ENOUGH) == set(ActionType)


@pytest.mark.parametrize("type", ENOUGH)
def test_an_action_with_what_its_type_needs_is_accepted(type: str) -> None:
    assert refusal({"type": type, **ENOUGH[type]}) is None


@pytest.mark.parametrize(("type", "missing"), [(type, field) for type, needs in ENOUGH.items() for field in needs])
def test_an_action_without_what_its_type_needs_is_refused(type: str, missing: str) -> None:
    action = {name: value for name, value in ENOUGH[type].items() if name != missing}
    assert refusal({"type": type, **action}) == missing
    assert refusal({"type": type, **action, missing: None}) == missing


@pytest.mark.parametrize("type", ["click", "drag", "upload", "press", "navigate", "expect_text", "expect_url"])
def test_an_empty_field_is_a_missing_one(type: str) -> None:
    last = list(ENOUGH[type])[-1]
    assert refusal({"type": type, **ENOUGH[type], last: ""}) == last


@pytest.mark.parametrize("type", ["type", "select"])
def test_empty_text_may_be_typed_and_selected(type: str) -> None:
    assert refusal({"type": type, "selector": "#a", "value": ""}) is None


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ({"type": "wait", "value": "250"}, None),
        ({"type": "wait", "selector": "#a"}, None),
        ({"type": "wait", "value": "soon"}, "value"),
        ({"type": "wait", "value": -1}, "value"),
        ({"type": "wait", "value": 600_001}, "value"),
        ({"type": "wait", "value": "nan"}, "value"),
        ({"type": "scroll", "value": -300}, None),
        ({"type": "scroll", "selector": "#a"}, None),
        ({"type": "scroll", "value": "inf"}, "value"),
        ({"type": "scroll", "value": "far"}, "value"),
        ({"type": "switch_tab", "value": "1"}, None),
        ({"type": "switch_tab", "value": 0.5}, "value"),
        ({"type": "close_tab", "value": -1}, "value"),
        ({"type": "smash", "selector": "#a"}, "type"),
        ({"selector": "#a"}, "type"),
        ({"type": "click", "selector": "a" * 4097}, "selector"),
        ({"type": "press", "selector": "#a", "value": "Enter"}, None),
    ],
)
def test_numbers_and_limits(action: dict[str, Any], field: str | None) -> None:
    assert refusal(action) == field


@given(st.sampled_from(ActionType), st.none() | st.text(max_size=5) | st.integers() | st.floats())
def test_any_value_is_accepted_or_refused_by_name(type: ActionType, value: float | str | None) -> None:
    assert refusal({"type": type, "selector": "#a", "target": "#b", "value": value}) in {None, "value"}


# A new run


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://shop.example/"}, None),
        ({"url": "https://shop.example/", "planner": "script", "steps": []}, None),
        ({"url": "https://shop.example/", "planner": "script"}, "steps"),
        ({"url": "https://shop.example/", "planner": "plain", "instructions": "  "}, "instructions"),
        ({"url": "https://shop.example/", "steps": [{"type": "click"}]}, "steps.0.selector"),
        ({"url": "https://shop.example/", "helpTimeoutMs": -1}, "helpTimeoutMs"),
        ({"url": "https://shop.example/", "viewport": {"width": 10, "height": 100}}, "viewport.width"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "/cart"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://[::1"}, "url"),
        ({}, "url"),
    ],
)
def test_a_new_run_is_checked(body: dict[str, Any], field: str | None) -> None:
    if field is None:
        NewRun.model_validate(body)
        return
    with pytest.raises(ValidationError) as error:
        NewRun.model_validate(body)
    assert explain(error.value).field == field


def test_a_new_run_does_not_show_its_secrets() -> None:
    assert "hunter2" not in repr(NewRun(url="https://shop.example/", secrets={"PASSWORD": "hunter2"}))


@pytest.mark.parametrize(("value", "why"), [("", "is empty: {P}"), ("ab", "shorter than 3 characters")])
def test_a_secret_that_could_not_be_hidden_is_refused(value: str, why: str) -> None:
    with pytest.raises(ValidationError) as raised:
        NewRun.model_validate({"url": "https://shop.example/", "secrets": {"{P}": value}})
    refused = explain(raised.value)
    assert refused.field == "secrets"
    assert why.replace("{P}", "(P)") in str(refused)
    assert NewRun.model_validate({"url": "https://shop.example/", "secrets": {"P": "abc"}}).secrets == {"P": "abc"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("data:text/plain;name=my%20notes.txt;base64," + "QUJD" * 4000, "my notes.txt (12 kB)"),
        ("data:text/plain;base64,QUI=", "upload.bin (2 B)"),
        ("data:text/plain;name=a.txt,a%20b", "a.txt (3 B)"),
        ("notes.txt", "notes.txt"),
    ],
)
def test_a_step_that_uploads_a_file_says_which_and_holds_its_content_once(value: str, shown: str) -> None:
    scenario = RunScenario().open()
    scenario.take()
    upload = Action(type=ActionType.UPLOAD, selector="#file", value=value)
    step = scenario.run.record_human_step(upload)
    assert step is not None
    assert (step.value, step.full_action) == (shown, upload)
    assert scenario.run.view().steps[0].value == shown
