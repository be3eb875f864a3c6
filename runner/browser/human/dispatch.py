"""The browser's end of a person's pointer and keys."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal
from weakref import WeakSet

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, Page

from control.errors import Unsupported
from control.protocol.actions import Modifier, MouseButton
from control.protocol.commands import Input
from runner.browser.devtools import DevTools
from runner.browser.human.keys import MODIFIERS, composes, key_event, playwright_key, prints, types

Touch = Literal["touchStart", "touchMove", "touchEnd"]
# Editors take pasted text from the event; where none does, it is typed.
_PASTE = """([text]) => {
  let target = document.activeElement;
  while (target?.shadowRoot?.activeElement) target = target.shadowRoot.activeElement;
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', text);
  const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true, composed: true });
  return (target ?? document.body).dispatchEvent(event);
}"""


class InputDispatcher:
    """Remembers what is held down, so that it can be released.

    Pointer events go through Playwright, which turns a drag into the page's drag events; characters go to Chromium
    directly, because Playwright knows the American keyboard only.
    """

    def __init__(self, devtools: DevTools, *, chromium: bool) -> None:
        self._devtools = devtools
        self._chromium = chromium
        self._buttons: set[MouseButton] = set()
        self._at: tuple[Page, float, float] | None = None
        """Where the person's pointer rests, in the page as it is; None where that is not known."""
        self._going: tuple[Page, float, float] | None = None
        """Where it was sent last."""
        self._watched: WeakSet[Page] = WeakSet()
        self._keys: dict[str, Input] = {}
        self._implied: set[Modifier] = set()
        self._touching = False

    async def move(self, page: Page, x: float, y: float) -> None:
        self._watch(page)
        self._at, self._going = None, (page, x, y)
        await page.mouse.move(x, y)
        if self._going == (page, x, y):
            self._at = self._going

    async def down(self, page: Page, x: float, y: float, button: MouseButton, count: int) -> None:
        """The press waits for the move: sent together, the page now and then sees them the other way round."""
        self._buttons.add(button)
        await self._move_there(page, x, y)
        await page.mouse.down(button=button, click_count=count)

    async def up(self, page: Page, x: float, y: float, button: MouseButton, count: int) -> None:
        await self._move_there(page, x, y)
        self._buttons.discard(button)
        await page.mouse.up(button=button, click_count=count)

    async def wheel(self, page: Page, x: float, y: float, delta_x: float, delta_y: float) -> None:
        await self._move_there(page, x, y)
        await page.mouse.wheel(delta_x, delta_y)

    async def _move_there(self, page: Page, x: float, y: float) -> None:
        if self._at != (page, x, y):
            await self.move(page, x, y)

    def _watch(self, page: Page) -> None:
        """A new document has not seen the pointer yet."""
        if page not in self._watched:
            self._watched.add(page)
            page.on("framenavigated", self._lose)

    def _lose(self, _: Frame | None = None) -> None:
        self._at = self._going = None

    async def modifiers(self, page: Page, wanted: Sequence[Modifier]) -> None:
        """Modifiers that are down at the person's, though their key was pressed elsewhere."""
        held = {command.key for command in self._keys.values()}
        for modifier in MODIFIERS:
            if modifier in wanted and modifier not in held and modifier not in self._implied:
                self._implied.add(modifier)
                await page.keyboard.down(modifier)
            elif modifier in self._implied and modifier not in wanted:
                self._implied.discard(modifier)
                await page.keyboard.up(modifier)

    async def key(self, page: Page, command: Input, *, down: bool) -> None:
        if composes(command):
            return
        name = command.code or command.key
        if down:
            self._keys[name] = command
        else:
            self._keys.pop(name, None)
        if prints(command) and self._chromium:
            session = await self._devtools.session(page)
            await session.send("Input.dispatchKeyEvent", key_event(command, down=down))
            return
        if types(command) and command.modifiers and not self._chromium:
            if down:
                await page.keyboard.insert_text(command.key)
            return
        press = page.keyboard.down if down else page.keyboard.up
        try:
            await press(playwright_key(command))
        except PlaywrightError:
            await self._unknown_key(page, command, down=down)

    async def _unknown_key(self, page: Page, command: Input, *, down: bool) -> None:
        """A code that Playwright does not know: by its key, or else by its character."""
        if prints(command):
            if down:
                await page.keyboard.insert_text(command.key)
            return
        with suppress(PlaywrightError):
            await (page.keyboard.down if down else page.keyboard.up)(command.key)

    async def text(self, page: Page, text: str) -> None:
        await page.keyboard.insert_text(text)

    async def paste(self, page: Page, text: str) -> None:
        if await page.evaluate(_PASTE, [text]):
            await page.keyboard.insert_text(text)

    def check_touch(self) -> None:
        """Raises Unsupported for browsers other than Chromium."""
        if not self._chromium:
            raise Unsupported("only Chromium takes touches; use the mouse")

    async def touch(self, page: Page, kind: Touch, x: float, y: float) -> None:
        self._touching = kind != "touchEnd"
        points = [{"x": x, "y": y}] if self._touching else []
        session = await self._devtools.session(page)
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    async def release(self, page: Page) -> None:
        """Lets go of everything that is held down."""
        for command in tuple(self._keys.values()):
            await self.key(page, command, down=False)
        await self.modifiers(page, ())
        for button in tuple(self._buttons):
            self._buttons.discard(button)
            await page.mouse.up(button=button)
        self._lose()
        if self._touching:
            await self.touch(page, "touchEnd", 0, 0)
