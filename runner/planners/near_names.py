"""The search for elements whose names are similar to the one that was not found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final, Literal

from control.protocol.actions import Action, ActionType
from runner.driver import Element, PageLook
from runner.planners.base import Idea, Repair
from runner.planners.element_lookup import KIND_ROLES, roles_for
from runner.planners.intents import Thing
from runner.selectors.describe import describe_action
from runner.selectors.parse import has_name, name_and_role

_ALIKE: Final = 0.5
_SUGGESTED: Final = 3
_LISTED: Final = 5
_ROLE_BONUS: Final = 0.1
_TRANSIENT: Final = re.compile(
    r"timeout|timed out|net::|nothing answers|connection was cut|without an answer|did not load|did not answer|"
    r"keeps being replaced|does not stop moving|detached|temporar|the browser says|ended too early|\b50[234]\b",
    re.IGNORECASE,
)
_NO_FILE: Final = re.compile(r"There is no file '|no folder for uploads|The data: URL of the upload")
_NOUNS: Final = {
    ActionType.TYPE: "field",
    ActionType.SELECT: "list to select from",
    ActionType.CHECK: "checkbox",
    ActionType.UNCHECK: "checkbox",
    ActionType.UPLOAD: "file field",
    ActionType.CLICK: "button or link",
}
_TO_SEE: Final = {ActionType.EXPECT_VISIBLE, ActionType.WAIT, ActionType.EXPECT_TEXT}


def looks_transient(reason: str) -> bool:
    """Returns whether the same action may well succeed when it is tried again."""
    return _TRANSIENT.search(reason) is not None


def lacks_its_file(action: Action, reason: str) -> bool:
    """Returns whether an upload failed for lack of its file, so that trying again is of no use."""
    return action.type is ActionType.UPLOAD and _NO_FILE.search(reason) is not None


async def nearest(action: Action, driver: PageLook) -> Repair:
    """Returns what else may have been meant by an action whose selector finds nothing."""
    if not action.selector:
        return Repair()
    if action.target and has_name(action.target) and await driver.count(action.selector):
        return await what_is_there(Thing(*name_and_role(action.target)), action, driver, field="target")
    if await driver.count(action.selector):
        return Repair()
    repair = await what_is_there(Thing(*name_and_role(action.selector)), action, driver, field="selector")
    # No person calls an element by its CSS or XPath: the failure's own reason says it better.
    return repair if has_name(action.selector) else replace(repair, reason=None)


async def what_is_there(
    thing: Thing, action: Action, driver: PageLook, *, field: Literal["selector", "target"]
) -> Repair:
    """Suggests the action on the elements that are called most alike, and says what the page has."""
    elements = (await driver.observe()).elements
    roles = _roles(thing, action)
    fitting = [element for element in elements if element.role in roles] if roles else list(elements)
    ranked = sorted(fitting or elements, key=lambda element: -_score(thing.name, element, roles))
    alike = [element for element in ranked if likeness(thing.name, element.name) >= _ALIKE][:_SUGGESTED]
    return Repair(
        suggestions=tuple(_suggestion(action, element, field) for element in alike),
        reason=_reason(thing, action, ranked[:_LISTED]),
    )


def likeness(wanted: str, name: str) -> float:
    """Returns from 0 to 1 how much two names share, by letters or by words, whichever is more."""
    first, second = wanted.casefold(), name.casefold()
    letters = SequenceMatcher(None, first, second).ratio()
    a, b = set(re.findall(r"\w+", first)), set(re.findall(r"\w+", second))
    words = len(a & b) / min(len(a), len(b)) * 0.9 if a and b else 0.0
    return max(letters, words)


def _roles(thing: Thing, action: Action) -> tuple[str, ...]:
    if thing.kind and thing.kind not in KIND_ROLES:
        return (thing.kind,)
    return roles_for(action.type, thing.kind)


def _score(wanted: str, element: Element, roles: Sequence[str]) -> float:
    """Returns the sort key: likeness first, among equals the roles in their order."""
    rank = roles.index(element.role) / len(roles) if element.role in roles else 1.0
    return likeness(wanted, element.name) + _ROLE_BONUS * (1 - rank)


def _suggestion(action: Action, element: Element, field: Literal["selector", "target"]) -> Idea:
    changed = action.model_copy(update={field: element.selector})
    return Idea(changed, describe_action(changed), f"The page has the {element.role} '{element.name}'.")


def _reason(thing: Thing, action: Action, there: Sequence[Element]) -> str:
    if action.type in _TO_SEE and not thing.kind:
        missing = f"The page does not show '{thing.name}'."
    else:
        missing = f"No {thing.kind or _NOUNS.get(action.type, 'element')} is called '{thing.name}'."
    if not there:
        return f"{missing} The page has nothing of that kind now."
    same_role = len({element.role for element in there}) == 1
    names = ", ".join(f"'{element.name}'" if same_role else f"{element.role} '{element.name}'" for element in there)
    return f"{missing} The page has: {names}."
