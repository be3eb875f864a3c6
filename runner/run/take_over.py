"""The take-over: what a person does in the page while they hold control becomes steps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable
from contextlib import nullcontext
from typing import Final, TypeVar

from control.errors import NotFound, RateLimited
from control.event_log import Entry
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.roles import Actor
from control.run import Run
from runner.driver import Driver, HumanAction, StepFailed
from runner.log import RunLog
from runner.run.changes import Changes
from runner.run.curtain import PageCurtain
from runner.run.masking import Masking
from runner.run.screenshots import Screenshots
from runner.selectors.describe import describe_action, element_name

T = TypeVar("T")
_MOST_COPIED: Final = 32_768
"""Characters of a selection, as many as may be pasted."""


class TakeOver:
    """Carries out input once the step that it interrupts has stopped, and records what it amounts to."""

    def __init__(
        self,
        run: Run,
        driver: Driver,
        *,
        changes: Changes,
        screenshots: Screenshots,
        masking: Masking,
        curtain: PageCurtain,
        logger: RunLog,
    ) -> None:
        self._run = run
        self._curtain = curtain
        self._driver = driver
        self._changes = changes
        self._screenshots = screenshots
        self._masking = masking
        self._logger = logger
        self._previewing = False
        self._browsing = asyncio.Lock()
        self._left = False
        """A person has released control, and what they held down may still be held."""
        self.control_changes = 0
        """Counts up whenever control changes hands."""
        self.last_holder = "somebody"
        """The name of the person who took control last."""

    def on_event(self, entry: Entry) -> None:
        """Follows who has control; to be called with every entry of the run's log."""
        match entry.body:
            case e.ControlChanged(holder=holder):
                self.control_changes += 1
                self.last_holder = holder.name if holder else self.last_holder
                self._left = self._left or holder is None
                self._driver.attended = holder is not None

    async def pick(self, command: c.Pick, actor: Actor) -> e.Picked:
        """Returns the element at a point of the picture; one preview at a time. Raises Refused, or BrowserGone."""
        self._run.apply(command, actor)
        if command.preview and self._previewing:
            raise RateLimited("another preview is under way: ask again once that is answered")
        self._previewing = self._previewing or command.preview
        try:
            picked = await _page_errors_refused(self._driver.pick(command), self._masking)
        finally:
            self._previewing = self._previewing and not command.preview
        return self._masking.picked(picked.model_copy(update={"id": command.id}))

    async def input(self, command: c.Input, actor: Actor) -> None:
        """Passes pointer, keyboard or touch on to the page. Raises Refused, or BrowserGone."""
        self._run.apply(command, actor)
        await self._wait_for_step(actor)
        async with self._driver.covering() if self._masking.holds_secret(command.text) else nullcontext():
            self._record(await _page_errors_refused(self._driver.input(command), self._masking))

    async def browse(self, command: c.Browse, actor: Actor) -> None:
        """Goes where the person wants, once what they typed is on record. Raises Refused, or BrowserGone."""
        self._run.apply(command, actor)
        await self._wait_for_step(actor)
        async with self._browsing:
            await self.flush()
            began, tab = time.monotonic(), self._driver.tab
            action = self._masking.resolve(command.action)
            await _page_errors_refused(self._driver.browse(action), self._masking)
            done = HumanAction(command.action, describe_action(command.action), began, tab)
            self._note(done, command.action)

    async def copy_selection(self, command: c.CopySelection, actor: Actor) -> e.Copied:
        """Returns the text that is selected in the page, without secrets. Raises Refused, or BrowserGone."""
        self._run.apply(command, actor)
        text = self._masking.text(await _page_errors_refused(self._driver.selection(), self._masking))
        return e.Copied(id=command.id, text=text[:_MOST_COPIED], cut=len(text) > _MOST_COPIED)

    async def set_curtain(self, command: c.SetCurtain, actor: Actor) -> None:
        """Closes the curtain for everybody else, or opens it. Raises Refused, or BrowserGone."""
        self._run.control_lease.require_holder(actor)
        try:
            if command.closed:
                await self._curtain.prepare(actor.name)
            self._run.apply(command, actor)
        finally:
            self._curtain.settle()

    async def answer_dialog(self, command: c.AnswerDialog, actor: Actor) -> None:
        """Answers a dialog that the page waits for. Raises Refused, or BrowserGone."""
        self._run.apply(command, actor)
        await self._wait_for_step(actor)
        done = await _page_errors_refused(self._driver.answer(command), self._masking)
        self._record([done] if done is not None else [])

    async def release_control(self, command: c.ReleaseControl, actor: Actor) -> None:
        """Ends the holder's control, or hands it over. Raises Refused, or BrowserGone.

        What the person did is on record before the run looks at whether they did anything.
        """
        self._run.control_lease.require_holder(actor)
        await self.flush()
        self._run.apply(command, actor)

    async def flush(self) -> None:
        """Lets go of held keys and buttons, and records what was not recorded yet. Raises BrowserGone."""
        try:
            self._record(await self._driver.flush_input())
        except StepFailed as error:
            self._logger.warning("what the person held down may still be held: %s", error)

    async def settle(self) -> None:
        """Waits until nothing of the person's input is left over; await it before anybody else touches the page."""
        if self._left:
            self._left = False
            await self.flush()

    async def _wait_for_step(self, actor: Actor) -> None:
        await self._changes.until(lambda: self._run.in_flight is None)
        self._run.control_lease.require_holder(actor)

    def _published(self, done: HumanAction) -> Action:
        """Returns the action as it is published; a password is named as a secret, which exported tests look up."""
        action = self._masking.found_action(done.action)
        if done.password is None:
            return action
        field = element_name(done.action.selector or "")
        return action.model_copy(update={"value": self._masking.name_password(done.password, field, self._driver.url)})

    def _record(self, actions: Iterable[HumanAction]) -> None:
        for done in actions:
            self._note(done, self._published(done))

    def _note(self, done: HumanAction, published: Action) -> None:
        self._screenshots.invalidate()
        step = self._run.record_human_step(
            published,
            merges=done.merges,
            description=self._masking.text(done.description),
            url=self._masking.text(self._driver.url),
            tab=self._driver.tab if done.tab is None else done.tab,
            duration_ms=round((time.monotonic() - done.started_at) * 1000),
        )
        if step is not None:
            self._screenshots.take_later(step.step_number)


async def _page_errors_refused(work: Awaitable[T], masking: Masking) -> T:
    """Turns what the page did not allow, or did not have, into a refusal."""
    try:
        return await work
    except StepFailed as error:
        raise NotFound(masking.text(str(error))) from error
