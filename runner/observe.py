"""What a planner sees of a page: Playwright's aria snapshot, and its elements with a selector for each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playwright.async_api import Page

from runner.driver import Element, PageView

_MOST_BYTES = 20_000
_MOST_ELEMENTS = 300
_NODE = re.compile(
    r"^(?P<indent> *)- (?P<quote>'?)(?P<role>[a-z]+)(?: \"(?P<name>(?:[^\"\\]|\\.)*)\")?(?P<rest>[^\n]*)$"
)


async def look(page: Page) -> PageView:
    """One look at the page."""
    snapshot = await page.aria_snapshot(mode="ai", timeout=5000)
    return PageView(url=page.url, title=await page.title(), snapshot=bounded(snapshot), elements=elements(snapshot))


def bounded(snapshot: str) -> str:
    """Whole lines, up to 20 kB."""
    data = snapshot.encode()
    if len(data) <= _MOST_BYTES:
        return snapshot
    kept = data[:_MOST_BYTES].decode(errors="ignore").rpartition("\n")[0]
    return f"{kept}\n# … the page goes on"


def elements(snapshot: str) -> tuple[Element, ...]:
    """The visible elements that have a role and a name, in document order."""
    return tuple(_named(snapshot))[:_MOST_ELEMENTS]


def _named(snapshot: str) -> Iterator[Element]:
    nodes = [found for line in snapshot.splitlines() if (found := _NODE.match(line))]
    for node in nodes:
        if node["name"]:
            yield Element(node["role"], node["name"], f'role={node["role"]}[name="{node["name"]}"]')
