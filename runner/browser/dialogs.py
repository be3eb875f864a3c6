"""The reports and answers of native dialogs, file choosers and ``<select>`` lists, which no picture shows."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from playwright.async_api import BrowserContext, FileChooser, FilePayload, Page
from playwright.async_api import Dialog as NativeDialog
from playwright.async_api import Error as PlaywrightError

from control.errors import NotFound, ProtocolError
from control.protocol.actions import Action, ActionType
from control.protocol.commands import AnswerDialog
from control.protocol.events import Choice, Dialog
from control.protocol.models import DialogAnswer
from media.aio import TaskSet
from runner.browser.file_payload import data_url
from runner.browser.human.elements import TargetElement
from runner.browser.locate import selector_of
from runner.driver import HumanAction
from runner.log import ThrottledWarnings
from runner.selectors.describe import element_name, shorten

logger = logging.getLogger(__name__)

ACCEPTED_BY_DEFAULT = frozenset({"alert", "confirm", "beforeunload"})
"""The kinds that are accepted where no person answers: a test that clicks "Delete" means it."""
_FLOOD = 20
"""This many native dialogs within `_FLOOD_SECONDS` are reported; more are answered at once and only logged."""
_FLOOD_SECONDS = 10.0
_ACT_MS = 3000.0


@dataclass(slots=True)
class _Open:
    event: Dialog
    page: Page
    answer: Callable[[AnswerDialog], Awaitable[HumanAction | None]]
    give_up: Callable[[], Coroutine[Any, Any, None]]
    timer: asyncio.TimerHandle | None = None


class Dialogs:
    """Holds the open dialogs of one run.

    While a person holds control, `attended` is True and dialogs wait for an answer; otherwise each is answered at once,
    and only its end is reported (``closed``).
    """

    def __init__(
        self,
        context: BrowserContext,
        *,
        report: Callable[[Dialog], None],
        answered: Callable[[DialogAnswer], None],
        patience: float,
        passive: bool = False,
    ) -> None:
        """``passive``: dialogs and file choosers are left alone unless attended, as the pages are somebody else's."""
        self._report = report
        self._answered = answered
        self._patience = patience
        self._attended = False
        self._open: dict[str, _Open] = {}
        self._recent: deque[float] = deque(maxlen=_FLOOD)
        self._unreported = ThrottledWarnings(
            logger.warning, more="the page opened {} more dialogs that were not reported to viewers", most=1
        )
        self._background = TaskSet(logger, expected=PlaywrightError)
        self._waiters: WeakKeyDictionary[Page, list[asyncio.Future[None]]] = WeakKeyDictionary()
        self._context = context
        self._passive = passive
        self._listening = False
        if not passive:
            self._listen()

    @property
    def attended(self) -> bool:
        return self._attended

    @attended.setter
    def attended(self, value: bool) -> None:
        if value and not self._attended:
            self._recent.clear()
        if self._passive and value:
            self._listen()
        self._attended = value
        if not value:
            for id in tuple(self._open):
                self._expire(id)
            if self._passive:
                self._stop_listening()

    def blocks(self, page: Page) -> bool:
        """Returns whether a native dialog blocks this page: its scripts stand still and it takes no screenshot."""
        return any(each.page is page and each.event.kind in _NATIVE for each in self._open.values())

    def watch(self, page: Page) -> None:
        """Reports this page's file choosers from now on, while attended."""
        page.on("close", self._page_gone)
        page.on("domcontentloaded", self._page_gone)
        if self._listening:
            page.on("filechooser", self._file_chooser)

    async def answer(self, command: AnswerDialog) -> HumanAction | None:
        """Answers a dialog; returns what a person did by it, if anything. Raises NotFound where it is open no more."""
        found = self._take(command.dialog_id)
        if found is None:
            raise NotFound("this dialog is open no more")
        try:
            return await found.answer(command)
        finally:
            self._report(found.event.model_copy(update={"closed": True}))

    async def aclose(self) -> None:
        for id in tuple(self._open):
            self._take(id)
        await self._background.aclose()
        self._unreported.end()

    def offer_select(self, page: Page, target: TargetElement, options: tuple[Choice, ...]) -> None:
        """Reports a ``<select>`` that a person has opened, in place of its list."""

        async def answered(command: AnswerDialog) -> HumanAction | None:
            return await _choose(target, command) if command.accept else None

        event = self._event("select", element_name(target.selector), options=options, multiple=False)
        self._add(_Open(event, page, answered, _nothing))

    def offer_input(
        self, page: Page, target: TargetElement, options: tuple[Choice, ...], *, merges: Callable[[], bool]
    ) -> None:
        """Reports an ``<input>`` whose popup a person has opened.

        ``merges`` is asked whether what is chosen takes the place of the click that opened it.
        """

        async def answered(command: AnswerDialog) -> HumanAction | None:
            return await _enter(page, target.selector, command, merges=merges()) if command.accept else None

        self.withdraw_input()
        about = {"default_value": target.was.value, "input_type": target.was.picker, "options": options or None}
        self._add(_Open(self._event("input", element_name(target.selector), **about), page, answered, _nothing))

    def withdraw_input(self) -> None:
        """Takes an open ``<input>`` back: the person goes on in the picture."""
        for id, found in tuple(self._open.items()):
            if found.event.kind == "input":
                self._expire(id)

    async def until_blocked(self, page: Page) -> None:
        """Returns when a native dialog holds this page up."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiters = self._waiters.setdefault(page, [])
        waiters.append(waiter)
        try:
            if not self.blocks(page):
                await waiter
        finally:
            waiters.remove(waiter)

    def _listen(self) -> None:
        """Takes the pages' dialogs from now on: Playwright leaves those to whoever listens."""
        if not self._listening:
            self._listening = True
            self._context.on("dialog", self._dialog)
            for page in self._context.pages:
                page.on("filechooser", self._file_chooser)

    def _stop_listening(self) -> None:
        if self._listening:
            self._listening = False
            self._context.remove_listener("dialog", self._dialog)
            for page in self._context.pages:
                page.remove_listener("filechooser", self._file_chooser)

    def _dialog(self, native: NativeDialog) -> None:
        page = native.page
        flooded = self._flooded()
        if page is None or not self._attended or flooded:
            self._background.spawn(self._answer(native, *_default(native)))
            if not flooded:
                self._report(self._event_of(native).model_copy(update={"closed": True}))
            return

        async def answered(command: AnswerDialog) -> None:
            await self._answer(native, command.accept, command.text)

        async def gave_up() -> None:
            await self._answer(native, *_default(native))

        for waiter in self._waiters.get(page, ()):
            if not waiter.done():
                waiter.set_result(None)
        self._add(_Open(self._event_of(native), page, answered, gave_up))

    def _event_of(self, native: NativeDialog) -> Dialog:
        return self._event(native.type, native.message, default_value=native.default_value or None)

    def _flooded(self) -> bool:
        now = time.monotonic()
        if len(self._recent) < _FLOOD or now - self._recent[0] >= _FLOOD_SECONDS:
            self._recent.append(now)
            return False
        self._unreported.warn("the page floods its viewers with dialogs: answered without asking for a while")
        return True

    def _answer(self, native: NativeDialog, accept: bool, text: str | None) -> Coroutine[Any, Any, None]:
        """Reports the answer before it is given, as what the page does next follows from it."""
        typed = text if accept and native.type == "prompt" else None
        answer = {"kind": native.type, "message": shorten(native.message), "accepted": accept, "text": typed}
        self._answered(DialogAnswer.model_validate(answer))
        return _give(native, accept, typed)

    def _file_chooser(self, chooser: FileChooser) -> None:
        if not self._attended:
            return

        async def answered(command: AnswerDialog) -> HumanAction | None:
            return await _give_files(chooser, command) if command.accept else None

        event = self._event("file_chooser", "", multiple=chooser.is_multiple())
        self._add(_Open(event, chooser.page, answered, _nothing))

    def _event(self, kind: str, message: str, **more: object) -> Dialog:
        deadline = datetime.now(UTC) + timedelta(seconds=self._patience)
        return Dialog(dialog_id=secrets.token_urlsafe(16), kind=kind, message=message, deadline=deadline, **more)

    def _add(self, found: _Open) -> None:
        id = found.event.dialog_id
        self._open[id] = found
        found.timer = asyncio.get_running_loop().call_later(self._patience, self._expire, id)
        self._report(found.event)

    def _take(self, id: str) -> _Open | None:
        found = self._open.pop(id, None)
        if found is not None and found.timer is not None:
            found.timer.cancel()
        return found

    def _expire(self, id: str) -> None:
        found = self._take(id)
        if found is not None:
            self._background.spawn(found.give_up())
            self._report(found.event.model_copy(update={"closed": True}))

    def _page_gone(self, page: Page) -> None:
        for id, found in tuple(self._open.items()):
            if found.page is page:
                self._take(id)
                self._report(found.event.model_copy(update={"closed": True}))


_NATIVE: frozenset[str] = frozenset({"alert", "confirm", "prompt", "beforeunload"})


def _default(native: NativeDialog) -> tuple[bool, None]:
    return native.type in ACCEPTED_BY_DEFAULT, None


async def _give(native: NativeDialog, accept: bool, text: str | None) -> None:
    try:
        if accept:
            await native.accept(text)
        else:
            await native.dismiss()
    except PlaywrightError as error:
        logger.debug("the dialog had gone already: %s", error.message)


async def _nothing() -> None: ...


async def _choose(target: TargetElement, command: AnswerDialog) -> HumanAction:
    began = time.monotonic()
    wanted = list(command.values or ())
    await target.handle.select_option(wanted, timeout=_ACT_MS)
    labels = "\n".join([option.label for option in await target.options() if option.selected])
    action = Action(type=ActionType.SELECT, selector=target.selector, value=labels)
    return HumanAction(action, f"Select '{shorten(labels)}' in {element_name(target.selector)}", began)


async def _enter(page: Page, selector: str, command: AnswerDialog, *, merges: bool) -> HumanAction:
    began = time.monotonic()
    text = command.text or ""
    await page.locator(selector).fill(text, timeout=_ACT_MS)
    action = Action(type=ActionType.TYPE, selector=selector, value=text)
    return HumanAction(action, f"Type '{shorten(text)}' into {element_name(selector)}", began, merges=merges)


async def _give_files(chooser: FileChooser, command: AnswerDialog) -> HumanAction | None:
    files = [_decoded(file.name, file.mime_type, file.data) for file in command.files or ()]
    if not files:
        return None
    began = time.monotonic()
    selector = await _input_of(chooser)
    await chooser.set_files(files, timeout=_ACT_MS)
    if selector is None:
        return None
    names = ", ".join(file["name"] for file in files)
    value = "\n".join(data_url(file["name"], file["mimeType"], file["buffer"]) for file in files)
    return HumanAction(Action(type=ActionType.UPLOAD, selector=selector, value=value), f"Upload {names}", began)


async def _input_of(chooser: FileChooser) -> str | None:
    """Returns the selector of the ``<input type=file>``, which may itself be hidden."""
    try:
        frame = await chooser.element.owner_frame()
        if frame is None:
            return None
        inputs = frame.locator("input[type=file]")
        place = await inputs.evaluate_all("(all, wanted) => all.indexOf(wanted)", chooser.element)
        return await selector_of(inputs.nth(place)) if place >= 0 else None
    except (PlaywrightError, TimeoutError):
        return None


def _decoded(name: str, mime_type: str, data: str) -> FilePayload:
    try:
        return {"name": name, "mimeType": mime_type, "buffer": base64.b64decode(data, validate=True)}
    except binascii.Error:
        raise ProtocolError("files.data: is not base64", field="files") from None
