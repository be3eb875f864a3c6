"""Writes test files, which ``jumpseat run`` does: of runs as they were done, and of what a run could be made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from control.errors import Unsupported
from control.protocol.actions import Action, ActionType
from control.protocol.models import DialogAnswer, GivenSecret, NewRun, Source, Step, StepStatus
from control.secret_rules import uses_of
from runner.export.port import ExportedRun
from runner.export.statements import LEFT_OUT, comment, secrets_of
from runner.selectors.to_python import environment_name

_HEADER: Final = """# A run of jumpseat, as it was done: what was planned, and what people did.
# `jumpseat run FILE` does it again.
"""
_SPEC_HEADER: Final = "# A test for jumpseat: `jumpseat run FILE` does it.\n"
_FIRST: Final = ("name", "url")
_LAST: Final = ("instructions", "steps")
_OTHER_BREAKS: Final = "\x85\u2028\u2029"
_OF_TABS: Final = {ActionType.SWITCH_TAB, ActionType.CLOSE_TAB}
_BY: Final = {Source.HUMAN: " (by a person)", Source.OVERRIDE: " (in place of the planned step)"}


def export_yaml(run: ExportedRun, steps: Sequence[Step], format: str) -> str:
    """Returns the text of a file with every step that passed, in order. Raises Unsupported where there is none."""
    lines = list(_steps(steps))
    if not any(line.startswith("- ") for line in lines):
        raise Unsupported("a run in which no step has passed cannot be exported as a test file")
    head: dict[str, Any] = {"name": run.name, "url": run.url}
    viewport = next((step.viewport for step in steps if step.viewport and not step.tab), None)
    if viewport is not None:
        head["viewport"] = {"width": viewport.width, "height": viewport.height}
    if names := secrets_of(run, steps):
        head["secrets"] = {name: _secret(name, run.secrets.get(name), steps) for name in names}
    return "".join([_HEADER, _dump(head), "steps:\n", *(f"  {line}\n" for line in lines)])


def spec_file(spec: NewRun, secrets: Mapping[str, Any]) -> str:
    """Returns the text of a file from which the same run is made; values of secrets come from the environment then.

    Args:
        spec: with names in place of the values of secrets.
        secrets: each by its name, as a run is made with it; its value is not looked at.
    """
    fields = spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    if secrets:
        fields["secrets"] = {name: _looked_up(name, given) for name, given in secrets.items()}
    between = [name for name in fields if name not in {*_FIRST, *_LAST}]
    ordered = {name: fields[name] for name in (*_FIRST, *between, *_LAST) if name in fields}
    needed = ", ".join(environment_name(name) for name in secrets)
    said = f"# Its secrets come from the environment: {needed}.\n" if needed else ""
    return f"{_SPEC_HEADER}{said}{_dump(ordered)}"


def _looked_up(name: str, given: object) -> object:
    value = f"${{{environment_name(name)}}}"
    return {**given, "value": value} if isinstance(given, Mapping) else value


def _secret(name: str, given: str | GivenSecret | None, steps: Sequence[Step]) -> str | dict[str, object]:
    """Returns where the secret's value comes from, where it may be filled in, and for what else these steps use it."""
    uses = sorted({use for step in steps for use, names in uses_of(step.full_action) if name in names})
    secret: dict[str, object] = {"value": f"${{{environment_name(name)}}}"}
    if isinstance(given, GivenSecret) and given.origins is not None:
        secret["origins"] = list(given.origins)
    if uses:
        secret["use"] = [str(use) for use in uses]
    return secret if len(secret) > 1 else str(secret["value"])


def _steps(steps: Sequence[Step]) -> Iterator[str]:
    tab = 0
    for step in steps:
        title = f"# {step.step_number}. {comment(step.description)}{_BY.get(step.source, '')}"
        if step.status is not StepStatus.PASSED or step.full_action.type is ActionType.CALL:
            why = LEFT_OUT.get(step.status, "is a call of the attached test itself")
            yield f"{title} - left out, as it {why}"
            continue
        yield title
        yield from (f"# It asked: {_asked(each)}" for each in step.dialogs if not _by_default(each))
        action = step.full_action
        if step.tab is not None and step.tab != tab and action.type not in _OF_TABS:
            yield from _item(Action(type=ActionType.SWITCH_TAB, value=step.tab))
        tab = int(action.number or 0) if action.type is ActionType.SWITCH_TAB else tab if step.tab is None else step.tab
        yield from _item(action)


def _item(action: Action) -> list[str]:
    return _dump([action.model_dump(mode="json", by_alias=True, exclude_none=True)]).splitlines()


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as literal blocks, within which mistakes are told by their lines."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Between double quotes alone the other signs that YAML takes for line breaks are escaped.
    has_others = any(sign in text for sign in _OTHER_BREAKS)
    style = '"' if has_others else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _dump(data: object) -> str:
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**9)


def _by_default(answer: DialogAnswer) -> bool:
    """Returns whether nobody but the default has to answer it so."""
    return answer.accepted is (answer.kind != "prompt")


def _asked(answer: DialogAnswer) -> str:
    given = comment(answer.text) if answer.text is not None else "yes" if answer.accepted else "no"
    return f"'{comment(answer.message) or answer.kind}', and was answered '{given}', which is not done again."
