"""The view of a page for planners: Playwright's aria snapshot, and the elements with a selector for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress

import yaml
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from control.secrets import MASK
from runner.browser.aria_snapshot import Node, nodes
from runner.browser.locate import selector_of
from runner.driver import Element, PageView
from runner.selectors.build import ENTER_FRAME, Precision, by_role

_MOST_BYTES = 20_000
_MOST_ELEMENTS = 300
_MOST_FRAMES = 10
_TIMEOUT_MS = 5000.0
_FIELD = re.compile(r"^( *- '?textbox\b.*?\]'?: )(.*)$", re.MULTILINE)
_NO_ROLES = frozenset({"generic", "iframe"})


async def look(page: Page) -> PageView:
    """Returns the page's address, title, snapshot and elements, by a number of calls that does not grow with them."""
    passwords = await _passwords(page)
    snapshot = without(passwords, await page.aria_snapshot(mode="ai", timeout=_TIMEOUT_MS))
    found = tuple(nodes(snapshot))
    frames = await _frames(page, found)
    return PageView(
        url=page.url,
        title=str(await page.evaluate("document.title")),
        snapshot=bounded(snapshot),
        elements=tuple(elements(found, frames))[:_MOST_ELEMENTS],
    )


def bounded(snapshot: str) -> str:
    """Returns the snapshot's first whole lines, up to 20 kB of UTF-8."""
    data = snapshot.encode()
    if len(data) <= _MOST_BYTES:
        return snapshot
    kept = data[:_MOST_BYTES].decode(errors="ignore").rpartition("\n")[0]
    return f"{kept}\n# … the page goes on"


def without(passwords: Set[str], snapshot: str) -> str:
    """Returns the snapshot with these values of fields masked, as it goes to models and into logs."""
    return _FIELD.sub(lambda field: f"{field[1]}{MASK}" if _scalar(field[2]) in passwords else field[0], snapshot)


def _scalar(text: str) -> str:
    """Returns the text that a YAML scalar stands for."""
    try:
        return str(yaml.load(text, Loader=yaml.BaseLoader))
    except yaml.YAMLError:
        return text


async def _passwords(page: Page) -> Set[str]:
    """Returns the values of the password fields in all frames."""
    values: set[str] = set()
    for frame in page.frames[: _MOST_FRAMES + 1]:
        with suppress(PlaywrightError):
            fields = frame.locator("input[type=password]")
            values.update(await fields.evaluate_all("fields => fields.map(field => field.value)"))
    return values - {""}


async def frames(page: Page) -> list[str]:
    """Returns the selectors that enter the page's frames; see ``runner.driver.Driver.frames``."""
    if len(page.frames) == 1:
        return []
    snapshot = await page.aria_snapshot(mode="ai", timeout=_TIMEOUT_MS)
    return [selector + ENTER_FRAME for selector in (await _frames(page, nodes(snapshot))).values()]


async def _frames(page: Page, found: Iterable[Node]) -> dict[str, str]:
    """Returns the selectors of the frames in the snapshot, by their refs; at most ten."""
    refs = [node.ref for node in found if node.role == "iframe" and node.ref]
    selectors: dict[str, str] = {}
    for ref in refs[:_MOST_FRAMES]:
        with suppress(PlaywrightError, TimeoutError):
            selectors[ref] = await selector_of(page.get_by_ref(ref))
    return selectors


def elements(found: Iterable[Node], frames: Mapping[str, str]) -> Iterator[Element]:
    """Yields the visible elements that have a role and a name, in document order.

    A snapshot shows at least what ``role=`` selectors find, in the same order: so the place among the elements of the
    same role and name is the selector's ``nth``.
    """
    placed = list(_placed(found, frames))
    many = Counter(selector for _, selector, _ in placed)
    for node, selector, place in placed:
        if node.ref is not None:
            nth = f" >> nth={place}" if many[selector] > 1 else ""
            yield Element(node.role, node.name, selector + nth)


def _placed(found: Iterable[Node], frames: Mapping[str, str]) -> Iterator[tuple[Node, str, int]]:
    """Yields named nodes, each with the selector of its role and name and its index among what that finds."""
    counted: Counter[str] = Counter()
    inside: list[tuple[int, str | None]] = []
    for node in found:
        while inside and node.depth <= inside[-1][0]:
            inside.pop()
        if node.role == "iframe":
            inside.append((node.depth, frames.get(node.ref or "")))
        frame = inside[-1][1] if inside else ""
        if node.name and node.role not in _NO_ROLES and not node.hidden and frame is not None:
            selector = f"{frame}{ENTER_FRAME if frame else ''}{by_role(node.role, node.name, Precision.EXACT)}"
            yield node, selector, counted[selector]
            counted[selector] += 1
