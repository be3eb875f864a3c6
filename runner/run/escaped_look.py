"""What planners see of a page: its words are escaped, so that no step refers to a secret because a page names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from control.secrets import escape, unescape
from runner.driver import Element, PageLook, PageView, Survey, Target


class EscapedLook:
    """Implements ``runner.driver.PageLook`` for planners, whose selectors are written as in actions."""

    def __init__(self, look: PageLook) -> None:
        self._look = look

    @property
    def url(self) -> str:
        return self._look.url

    async def find(self, selector: str, *, timeout_ms: int = 0) -> Target | None:
        found = await self._look.find(unescape(selector), timeout_ms=timeout_ms)
        return found and replace(found, selector=selector)

    async def count(self, selector: str) -> int:
        return await self._look.count(unescape(selector))

    async def survey(self, selector: str) -> Survey:
        return await self._look.survey(unescape(selector))

    async def frames(self) -> Sequence[str]:
        return [escape(prefix) for prefix in await self._look.frames()]

    async def observe(self) -> PageView:
        view = await self._look.observe()
        elements = tuple(Element(each.role, escape(each.name), escape(each.selector)) for each in view.elements)
        return replace(view, elements=elements)

    async def durable(self, selector: str) -> str:
        return escape(await self._look.durable(unescape(selector)))

    async def screenshot(self) -> bytes:
        return await self._look.screenshot()
