"""A person's input, in the order it came, and what it amounts to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from control.errors import RateLimited
from control.protocol.commands import Input
from media.aio import TaskSet
from runner.browser.dialogs import Dialogs
from runner.browser.human.dispatch import InputDispatcher
from runner.browser.human.elements import TargetElement, element_at, focused_element
from runner.browser.human.gestures import Gestures, Press
from runner.browser.human.hover import Hover
from runner.browser.human.keys import MODIFIERS, without_choosing
from runner.browser.human.picking import to_viewport
from runner.browser.human.scrolling import Scroll, scrolls_within
from runner.browser.tabs import Tabs
from runner.driver import HumanAction

T = TypeVar("T")
logger = logging.getLogger(__name__)

_LOOK_SECONDS = 3.0
"""A page that is too busy to say what is under the pointer gets the input all the same; it is only not recorded."""
_ACT_SECONDS = 2.0
_MOST_WAITING = 200
_BOXES = frozenset({"checkbox", "radio"})
_OPENS_SELECT = frozenset({" ", "Enter", "F4"})


class HumanInput:
    """Carries out a person's input on the active page, and returns the actions that it amounts to."""

    def __init__(self, tabs: Tabs, dialogs: Dialogs, dispatcher: InputDispatcher) -> None:
        self._tabs = tabs
        self._dialogs = dialogs
        self._dispatcher = dispatcher
        self._gestures = Gestures()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._move: Input | None = None
        self._press: Press | None = None
        self._field: TargetElement | None = None
        self._opening = False
        self._ticking: tuple[TargetElement, float] | None = None
        self._scroll: Scroll | None = None
        self._background = TaskSet(logger, expected=PlaywrightError)
        self._hover = Hover(self._background)
        self._handlers: dict[str, Callable[[Page, Input], Awaitable[list[HumanAction]]]] = {
            "down": self._down,
            "up": self._up,
            "wheel": self._wheel,
            "key_down": self._key_down,
            "key_up": self._key_up,
            "text": self._text,
            "paste": self._paste,
            "touch_start": self._touch_start,
            "touch_end": self._touch_end,
        }

    def set_curtained(self, curtained: bool) -> None:
        """Has what is typed returned as passwords are, or no longer."""
        self._gestures.curtained = curtained

    async def handle(self, command: Input) -> list[HumanAction]:
        """Carries it out after all that came before; a move at some later moment, the newest one only.

        Raises RateLimited where the page is far behind.
        """
        if command.kind in {"move", "touch_move"}:
            self._move = command
            if not self._turn.locked():
                self._background.spawn(self._catch_up())
            return []
        before, self._move = self._move, None
        if self._waiting >= _MOST_WAITING:
            raise RateLimited("the page cannot keep up with this much input")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._carry_out(before, command)
        finally:
            self._waiting -= 1
            if self._move is not None and not self._turn.locked():
                self._background.spawn(self._catch_up())

    async def flush(self) -> list[HumanAction]:
        """Releases what is held down, and returns what had not been returned yet."""
        self._move = None
        async with self._turn:
            shown = await self._scrolled_to()
            if not self._dialogs.blocks(self._tabs.active):
                await self._act(self._dispatcher.release(self._tabs.active))
            self._drop(self._press.target if self._press else None, self._field)
            self._press = self._field = self._ticking = None
            self._hover.leave()
            return [*shown, *self._gestures.flush()]

    async def aclose(self) -> None:
        await self._background.aclose()

    async def _carry_out(self, before: Input | None, command: Input) -> list[HumanAction]:
        page = self._tabs.active
        if self._dialogs.blocks(page):
            return []
        shown = await self._scrolled_to() if command.kind != "wheel" else []
        left = [*shown, *self._gestures.enter(self._tabs.index)]
        if before is not None:
            await self._move_to(page, before)
        return [*left, *await self._handlers[command.kind](page, command)]

    async def _catch_up(self) -> None:
        async with self._turn:
            while (move := self._move) is not None:
                self._move = None
                page = self._tabs.active
                if not self._dialogs.blocks(page):
                    await self._move_to(page, move)

    async def _move_to(self, page: Page, command: Input) -> None:
        x, y = self._point(command)
        if command.kind == "touch_move":
            await self._act(self._dispatcher.touch(page, "touchMove", x, y))
        else:
            await self._act(self._dispatcher.move(page, x, y))
            self._rest(page, x, y)

    def _rest(self, page: Page, x: float, y: float) -> None:
        if self._press is None and not self._dialogs.blocks(page):
            self._hover.rest(page, x, y)

    async def _down(self, page: Page, command: Input) -> list[HumanAction]:
        x, y = self._point(command)
        target = await self._look(self._hover.element_at(page, x, y))
        self._press = Press(target, x, y, time.monotonic(), command.modifiers)
        if target is not None and target.was.kind == "select" and command.button == "left" and self._dialogs.attended:
            await self._offer(page, target)
            self._opening = True
            return []
        self._opening = False
        self._dialogs.withdraw_input()
        if target is not None and target.was.picker and command.button == "left" and self._dialogs.attended:
            await self._offer_input(page, target)
            if target.was.picker == "color":  # of which there is nothing else to click on
                self._opening = True
                return []
        await self._act(self._dispatcher.modifiers(page, command.modifiers))
        await self._act(self._dispatcher.down(page, x, y, command.button, max(1, command.click_count)))
        return []

    async def _up(self, page: Page, command: Input) -> list[HumanAction]:
        x, y = self._point(command)
        press, self._press = self._press, None
        if self._opening:
            self._opening = False
            return []
        moved = press is not None and max(abs(x - press.x), abs(y - press.y)) > 1
        target = await self._look(element_at(page, x, y)) if moved else None
        await self._act(self._dispatcher.up(page, x, y, command.button, max(1, command.click_count)))
        self._rest(page, x, y)
        if press is None:
            return []
        toggled = await self._toggled(press) if command.button == "left" else []
        done = toggled or self._gestures.pointer(press, command, (x, y), target)
        self._drop(press.target, target)
        return done

    async def _toggled(self, press: Press) -> list[HumanAction]:
        """A click on a box, or a pull at a slider, is recorded by what has become of it."""
        target = press.target
        if target is None or not (target.was.kind in _BOXES or target.was.range):
            return []
        now = await self._look(target.now())
        change = self._gestures.changed(target, now, press.at) if now else None
        return self._gestures.toggled(change) if change else []

    async def _wheel(self, page: Page, command: Input) -> list[HumanAction]:
        x, y = self._point(command)
        before: list[HumanAction] = []
        if self._scroll is None or not self._scroll.goes_on(page, x, y):
            before = await self._scrolled_to()
            self._scroll = await self._scroll_at(page, x, y, command.delta_y, time.monotonic())
        await self._act(self._dispatcher.modifiers(page, command.modifiers))
        await self._act(self._dispatcher.wheel(page, x, y, command.delta_x, command.delta_y))
        return before if self._scroll.within else [*before, *self._gestures.scrolled(command.delta_y, time.monotonic())]

    async def _scroll_at(self, page: Page, x: float, y: float, pixels: float, began: float) -> Scroll:
        return Scroll(page, x, y, began, bool(await self._look(scrolls_within(page, x, y, pixels))))

    async def _scrolled_to(self) -> list[HumanAction]:
        """Ends the scrolling; that of something within the page is recorded by what it has come to show."""
        scroll, self._scroll = self._scroll, None
        if scroll is None or not scroll.within or self._dialogs.blocks(scroll.page):
            return []
        target = await self._look(scroll.shown())
        self._drop(target)
        return self._gestures.scrolled_to(target.selector, scroll.began) if target else []

    async def _key_down(self, page: Page, command: Input) -> list[HumanAction]:
        if command.key in MODIFIERS:
            await self._act(self._dispatcher.key(page, command, down=True))
            return []
        self._dialogs.withdraw_input()
        target = await self._look(self._focused(page))
        if target is not None and self._opens_select(target, command):
            await self._offer(page, target)
            return []
        began = time.monotonic()
        await self._act(self._dispatcher.modifiers(page, without_choosing(command).modifiers))
        await self._act(self._dispatcher.key(page, command, down=True))
        if target is None:
            return []
        if command.key == " " and target.was.kind in _BOXES:
            self._ticking = (target, began)
            return []
        changed = await self._changes(page, target, began)
        return self._gestures.key(command, target, began) if changed is None else changed

    def _opens_select(self, target: TargetElement, command: Input) -> bool:
        if target.was.kind != "select" or not self._dialogs.attended:
            return False
        return command.key in _OPENS_SELECT or ("Alt" in command.modifiers and command.key.startswith("Arrow"))

    async def _key_up(self, page: Page, command: Input) -> list[HumanAction]:
        """The space bar ticks a box when it goes up."""
        await self._act(self._dispatcher.key(page, command, down=False))
        ticking, self._ticking = self._ticking, None
        return (await self._changes(page, *ticking) or []) if ticking is not None else []

    async def _text(self, page: Page, command: Input) -> list[HumanAction]:
        return await self._insert(page, self._dispatcher.text(page, command.text))

    async def _paste(self, page: Page, command: Input) -> list[HumanAction]:
        return await self._insert(page, self._dispatcher.paste(page, command.text))

    async def _insert(self, page: Page, insert: Coroutine[Any, Any, None]) -> list[HumanAction]:
        self._dialogs.withdraw_input()
        began = time.monotonic()
        target = await self._look(self._focused(page))
        await self._act(insert)
        return (await self._changes(page, target, began) or []) if target is not None else []

    async def _touch_start(self, page: Page, command: Input) -> list[HumanAction]:
        self._dispatcher.check_touch()
        x, y = self._point(command)
        self._press = Press(await self._look(element_at(page, x, y)), x, y, time.monotonic())
        await self._act(self._dispatcher.touch(page, "touchStart", x, y))
        return []

    async def _touch_end(self, page: Page, command: Input) -> list[HumanAction]:
        x, y = self._point(command)
        press, self._press = self._press, None
        await self._act(self._dispatcher.touch(page, "touchEnd", x, y))
        if press is None:
            return []
        if max(abs(x - press.x), abs(y - press.y)) > 10:
            pixels = press.y - y
            # What a finger has scrolled has room to be scrolled back.
            self._scroll = await self._scroll_at(page, press.x, press.y, -pixels, press.at)
            self._drop(press.target)
            return [] if self._scroll.within else self._gestures.scrolled(pixels, press.at)
        done = await self._toggled(press) or self._gestures.pointer(press, command, (press.x, press.y), None)
        self._drop(press.target)
        return done

    async def _focused(self, page: Page) -> TargetElement:
        """The same target as long as the focus stays, so that its selector is made once for all the text in it."""
        field = self._field
        if field is not None:
            with suppress(PlaywrightError):
                state = await field.now()
                if state.focused:
                    self._field = replace(field, was=state)
                    return self._field
        focused = await focused_element(page)
        if field is not None and (self._ticking is None or self._ticking[0].handle is not field.handle):
            self._drop(field)
        self._field = focused
        return focused

    async def _changes(self, page: Page, target: TargetElement, began: float) -> list[HumanAction] | None:
        """What the key did to the element that has the focus, or to the one that it has moved to; None for nothing."""
        now = await self._look(target.now())
        change = self._gestures.changed(target, now, began) if now else None
        if change is None and target.was.kind == "radio":
            after = await self._look(self._focused(page))
            if after is not None and after.selector != target.selector and after.was.checked:
                before = replace(after, was=replace(after.was, checked=False))
                change = self._gestures.changed(before, after.was, began)
        if change is None:
            return None
        if now is not None and now.kind == "text":
            return self._gestures.hold(change)
        return self._gestures.toggled(change)

    async def _offer(self, page: Page, target: TargetElement) -> None:
        options = await self._look(target.options())
        if options is not None:
            await self._look(target.handle.focus())
            self._field = None
            self._dialogs.offer_select(page, target, options)

    async def _offer_input(self, page: Page, target: TargetElement) -> None:
        options = await self._look(target.options())
        if options is not None:
            self._dialogs.offer_input(page, target, options, merges=lambda: self._gestures.has_clicked(target.selector))

    def _drop(self, *targets: TargetElement | None) -> None:
        """Nothing is asked of them any more."""
        for target in targets:
            if target is not None:
                self._background.spawn(target.dispose())

    def _point(self, command: Input) -> tuple[float, float]:
        return to_viewport(command, self._tabs.viewport)

    async def _look(self, look: Awaitable[T]) -> T | None:
        try:
            return await asyncio.wait_for(look, _LOOK_SECONDS)
        except (PlaywrightError, TimeoutError) as error:
            logger.debug("what the input hits is not known: %s", error)
            return None

    async def _act(self, act: Coroutine[Any, Any, None]) -> None:
        """Waits for it, unless it has opened a dialog: then the page answers only once that is closed."""
        task = self._background.spawn(act)
        blocked = self._background.spawn(self._dialogs.until_blocked(self._tabs.active))
        try:
            await asyncio.wait({task, blocked}, timeout=_ACT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            blocked.cancel()
