"""The runner's one dispatch of commands: on the run's state by ``Run.apply``, and in the page by ``TakeOver``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from control.errors import InvalidTransition, SecretRefused
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.wording import counted
from control.roles import Actor, Role
from control.run import Run
from control.secrets import references
from runner.driver import BrowserGone
from runner.planners.instruction_check import refuse_unclear
from runner.run.changes import Changes
from runner.run.masking import Masking
from runner.run.take_over import TakeOver
from runner.store.uploads import UploadStore

T = TypeVar("T")
PageCommand = c.Pick | c.Input | c.Browse | c.CopySelection | c.AnswerDialog | c.ReleaseControl | c.SetCurtain
"""Commands that need the open page."""


class CommandHandler:
    """Carries out commands of people whose role allows them, with secrets by name and uploaded files put away."""

    def __init__(
        self,
        run: Run,
        *,
        take_over: Callable[[], TakeOver | None],
        masking: Masking,
        uploads: UploadStore,
        changes: Changes,
        max_steps: int,
        controller_secrets: bool,
        on_browser_gone: Callable[[BrowserGone], None],
    ) -> None:
        """
        Args:
            run: the run that is steered.
            take_over: returns what acts in the page; None while no page is open.
            masking: keeps secrets' values out of what the run records.
            uploads: holds the files that steps refer to.
            changes: wakes the step loop.
            max_steps: how many steps the run may have; input beyond that is refused.
            controller_secrets: whether controllers may use the run's secrets, as its owner may.
            on_browser_gone: called where the browser has gone while it carried out a command.
        """
        self._run = run
        self._take_over = take_over
        self._masking = masking
        self._uploads = uploads
        self._changes = changes
        self._max_steps = max_steps
        self._controller_secrets = controller_secrets
        self._on_browser_gone = on_browser_gone
        self._control_lock = asyncio.Lock()
        """A release takes its time, and whoever asked for control first gets it first."""

    async def handle(self, command: c.Command, actor: Actor) -> e.Reply | None:
        """Carries the command out; None stands for a plain acknowledgement. Raises Refused with the reason."""
        match command:
            case c.Ping():
                return e.Pong(id=command.id, t=command.t)
            case c.ReplayStep():
                return e.StepReplay(id=command.id, step=self._uploads.mark_removed(self._run.step(command.step_number)))
            case c.Pick() | c.Input() | c.Browse() | c.CopySelection() | c.AnswerDialog():
                return await self._handle_in_page(command, actor)
            case c.AddComment():
                self._apply(self._masking.shape(command), actor)
            case c.ReleaseControl():
                async with self._control_lock:
                    await self._in_page(command, actor, lambda page: page.release_control(command, actor))
            case c.SetCurtain():
                async with self._control_lock:
                    await self._in_page(command, actor, lambda page: page.set_curtain(command, actor))
            case c.TakeControl():
                async with self._control_lock:
                    self._apply(command, actor)
            case c.StepOverride():
                self._apply(command.model_copy(update={"action": self._admitted(command.action, actor)}), actor)
            case c.UpdateInstructions():
                instructions = self._masking.refer(command.instructions)
                self._require_secrets_for(actor, instructions)
                if self._run.planning.planner in {"plain", "script"}:  # plain sentences, from now on
                    await refuse_unclear(instructions)
                self._apply(command.model_copy(update={"instructions": instructions}), actor)
            case _:
                self._apply(command, actor)
        return None

    async def _handle_in_page(
        self, command: c.Pick | c.Input | c.Browse | c.CopySelection | c.AnswerDialog, actor: Actor
    ) -> e.Reply | None:
        match command:
            case c.Pick():
                return await self._in_page(command, actor, lambda page: page.pick(command, actor))
            case c.Input():
                self._require_room()
                await self._in_page(command, actor, lambda page: page.input(command, actor))
            case c.Browse():
                self._require_room()
                browse = command.model_copy(update={"action": self._admitted(command.action, actor)})
                await self._in_page(browse, actor, lambda page: page.browse(browse, actor))
            case c.CopySelection():
                return await self._in_page(command, actor, lambda page: page.copy_selection(command, actor))
            case c.AnswerDialog():
                await self._in_page(command, actor, lambda page: page.answer_dialog(command, actor))
        return None

    def _apply(self, command: c.Command, actor: Actor) -> None:
        self._run.apply(command, actor)
        self._changes.notify()  # an approval makes no event

    async def _in_page(self, command: PageCommand, actor: Actor, act: Callable[[TakeOver], Awaitable[T]]) -> T:
        page = self._take_over()
        if page is None or self._run.final:
            self._run.apply(command, actor)
            raise InvalidTransition(f"cannot {c.in_words(command.type)}: no page is open")
        try:
            return await act(page)
        except BrowserGone as error:
            self._on_browser_gone(error)
            raise InvalidTransition("the browser has gone, and the run with it") from error

    def _admitted(self, action: Action, actor: Actor) -> Action:
        """Returns the action with secrets by name. Raises SecretRefused where one may not be used so."""
        named = self._masking.action(action)
        self._require_secrets_for(actor, named.selector, named.target, named.text)
        self._masking.origins_for(named)
        return named

    def _require_secrets_for(self, actor: Actor, *texts: str | None) -> None:
        """Raises SecretRefused where one who may not use secrets refers to any."""
        if actor.role is Role.OWNER or self._controller_secrets:
            return
        if name := next((name for text in texts for name in references(text or "")), None):
            raise SecretRefused(f"controllers may not use secrets in this run: leave '{name}' out, or ask its owner")

    def _require_room(self) -> None:
        if len(self._run.steps) >= self._max_steps:
            raise InvalidTransition(
                f"the run has {counted(len(self._run.steps), 'step')}, which is as many as it may have"
            )
