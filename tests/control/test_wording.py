"""Sentences for people about a field that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from control.protocol.commands import explain
from control.protocol.models import NewRun, RunStatus
from control.protocol.wording import ending
from control.roles import Role


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"mode": "x"}, "mode: must be one of 'auto' or 'review'"),
        ({"steps": "Go back"}, "steps: must be a list"),
        ({"steps": [1]}, "steps.0: must be an object with fields"),
        ({"steps": [{"type": "back"}] * 2001}, "steps: must have at most 2000 entries"),
        ({"secrets": []}, "secrets: must be an object with fields"),
        ({"name": 3}, "name: must be text"),
        ({"name": "x" * 201}, "name: must have at most 200 characters"),
        ({"stepTimeoutMs": "soon"}, "stepTimeoutMs: must be a whole number"),
        ({"stepTimeoutMs": 1}, "stepTimeoutMs: must be 100 or more"),
        ({"viewport": {"width": 9999, "height": 500}}, "viewport.width: must be 4096 or less"),
        ({"steps": [{"type": "click"}]}, "steps.0.selector: click needs 'selector'"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_a_field_that_is_wrong(fields: dict[str, Any], said: str, as_json: bool) -> None:
    body = {"url": "https://shop.test/", **fields}
    with pytest.raises(ValidationError) as caught:
        NewRun.model_validate_json(json.dumps(body)) if as_json else NewRun.model_validate(body)
    assert str(explain(caught.value)) == said


def test_an_enum_is_told_by_its_values() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(dict[str, Role]).validate_python({"role": "boss"})
    assert str(explain(caught.value)) == "role: must be one of 'viewer', 'controller' or 'owner'"


def test_how_a_run_ended_is_a_sentence() -> None:
    ended = [f"the run {ending(status)}" for status in RunStatus if status.final]
    assert ended == ["the run has passed", "the run has failed", "the run was cancelled"]
