"""The gate that one browser context's calls go through: forwarded at once, or held until people let them go."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from control.client_run import ClientRun
from control.event_log import Entry
from control.protocol.actions import Action
from control.protocol.events import Viewers
from control.protocol.models import RunStatus, Step
from media.aio import TaskSet
from runner.attach.calls import describe, done, failure, rewritten, to_action, to_text, types, types_into
from runner.attach.wire import Abort, Answer, Call, ClientWire
from runner.driver import StepFailed

logger = logging.getLogger(__name__)

Send = Callable[[str], Awaitable[None]]
"""Sends one message; one that cannot be sent any more is dropped."""

_RECORD_SECONDS = 0.01
"""How long after it was sent on a call is recorded: while the browser begins with it, it is left the processor."""
_CANCELLED = "jumpseat: the run was cancelled"
_ABORTED = "the client has aborted this call"


@dataclass(eq=False, slots=True)
class PendingCall:
    """A call that its client has no answer to yet."""

    call: Call
    sent_at: float = 0.0
    """When it was sent on by itself, by the loop's clock."""
    step: int | None = None
    """The number of the step that it was recorded as, where it has gone ahead by itself."""
    kept: str | None = None
    """The answer that is kept from the client, as the call has failed."""
    error: str | None = None
    """Why it has failed."""
    attempt: asyncio.Future[tuple[Answer, str]] | None = None
    """Is waiting for the answer, where the call is carried out for people."""
    answered: bool = False
    fills_secret: bool = False
    """It puts the value of a secret into the page, and what it goes into is covered in pictures."""
    aborted: bool = False
    """Its client has aborted it: it is not to be carried out any more, and what it comes to is never kept."""
    consumed: int = 0
    """How many entries of the plan were settled when it became the current call."""

    @property
    def is_over(self) -> bool:
        """True once its client has the answer."""
        return self.answered and self.kept is None


class Gate:
    """Forwards, holds, rewrites and answers the calls of one context, in the order in which they come.

    Calls pass at once while the run lets them; what people hold waits here for the planner (``next_held``), and so does
    what has failed while somebody is there who might help (``next_failed``).
    """

    def __init__(self, wire: ClientWire, *, to_server: Send, to_client: Send) -> None:
        self._wire = wire
        self._to_server = to_server
        self._to_client = to_client
        self._run: ClientRun | None = None
        self._running: dict[str | int, PendingCall] = {}
        self._held: deque[PendingCall] = deque()
        self._failed: deque[PendingCall] = deque()
        self._leaving: set[PendingCall] = set()
        """Calls that nobody holds any more, and that are about to be sent on."""
        self._background = TaskSet(logger)
        self._closed = False
        self.news = asyncio.Event()
        """Set whenever a call has come to wait for people."""
        self.current: PendingCall | None = None
        """The call that people are looking at: proposed, being carried out for them, or failed."""
        self.last_error: str | None = None
        """Why the newest call has failed; None where it has not."""
        self.on_step: Callable[[Step], None] = lambda _: None
        """Called with the step of each call that has gone ahead by itself and is over."""
        self.on_page: Callable[[str | None], None] = lambda _: None
        """Called with the guid of the page that a call is about to happen in."""
        self.is_secret_field: Callable[[str], Awaitable[bool]] = _never_known
        """Says whether a field of the page hides what is typed into it."""
        self.has_secrets = False
        """Whether calls may put secrets' values into pages."""
        self.on_secret: Callable[[bool], object] = lambda _: None
        """Called with True before a call that puts a secret's value into the page is sent on, with False after it."""
        self.on_watched: Callable[[], None] = lambda: None
        """Called when somebody comes to watch the run."""
        self.mask: Callable[[Action], Action] = lambda action: action
        """Returns an action without the values of secrets."""
        self.mask_text: Callable[[str], str] = lambda text: text
        """Returns a text without the values of secrets."""

    def begin(self, run: ClientRun) -> None:
        """Records the calls in this run from now on, and lets it hold them; before, all pass."""
        self._run = run
        run.log.listen(self._on_event)

    def detach(self) -> None:
        """Lets everything pass from now on, unrecorded: there is no room for the run."""
        self._run = None

    @property
    def closed(self) -> bool:
        """True once the context is closed."""
        return self._closed

    @property
    def watched(self) -> bool:
        """True while somebody is connected to the run."""
        return self._run is not None and len(self._run.viewers) > 0

    @property
    def passed_over(self) -> bool:
        """True while something else is done before the call that waits."""
        return self._run is not None and self._run.detour.active

    def awaits(self, id: str | int) -> bool:
        """Returns whether the answer to this call is for this gate."""
        return id in self._running

    # From the client

    async def arrive(self, call: Call, text: str) -> None:
        """Takes one call: sends it on, or has it wait for people."""
        run = self._run
        if run is None or self._closed:
            await self._to_server(text)
        elif run.status is RunStatus.CANCELLED:
            await self._fail(call)
        elif run.final:
            await self._to_server(text)
        elif run.calls_pass and not self._held:
            await self._pass(PendingCall(call), text)
        else:
            self._held.append(PendingCall(call))
            self.news.set()

    async def abort(self, abort: Abort) -> bool:
        """Answers a call that its client has aborted, where it waits for people: nothing of it is carried out later.

        Returns False where it does not wait here: the server answers, as it does without us.
        """
        running = self._running.get(abort.id)
        if running is not None:
            running.aborted = True
            return False
        waiting = (*self._held, *self._leaving, *self._failed, *([self.current] if self.current else []))
        pending = next((each for each in waiting if each.call.id == abort.id and not each.is_over), None)
        if pending is None:
            return False
        pending.aborted = pending.answered = True
        pending.kept = None
        for queue in (self._held, self._failed):
            if pending in queue:
                queue.remove(pending)
        await self._fail(pending.call, abort.reason, name="AbortError")
        if pending is self.current and self._run is not None:
            self._run.withdraw_call()
        self.news.set()
        return True

    async def answered(self, answer: Answer, text: str) -> None:
        """Takes the server's answer to a call: the client gets it, unless it is a failure that people may mend."""
        pending = self._running.pop(answer.id, None)
        if pending is not None and pending.fills_secret:
            pending.fills_secret = False
            self.on_secret(False)
        if pending is None:
            await self._to_client(text)
        elif pending.attempt is not None and not pending.attempt.done():
            pending.attempt.set_result((answer, text))
        else:
            await self._over(pending, failure(pending.call, answer), text)

    async def aclose(self) -> None:
        """Lets everything go: the client has closed the context, or has gone. Safe to repeat."""
        self._closed = True
        self._held.clear()
        self._failed.clear()
        await self._background.aclose()

    async def _pass(self, pending: PendingCall, text: str) -> None:
        call = pending.call
        self._running[call.id] = pending
        self._wire.expect_answer(call.id)
        if types(call) and self.mask_text(text) != text:
            pending.fills_secret = True
            self.on_secret(True)
        loop = asyncio.get_running_loop()
        pending.sent_at = loop.time()
        await self._to_server(text)
        self.on_page(call.page)
        loop.call_later(_RECORD_SECONDS, self._record_running, pending)

    def _record_running(self, pending: PendingCall) -> None:
        if not pending.answered and pending.attempt is None:
            self._record(pending)

    def _record(self, pending: PendingCall) -> None:
        if pending.step is None and self._run is not None and not self._run.final:
            self._begin_step(pending)

    async def _over(self, pending: PendingCall, error: str | None, text: str) -> None:
        """Ends a call that has gone ahead by itself."""
        assert self._run is not None
        self.last_error = pending.error = error
        pending.answered = True
        if error is not None and self._run.keeps_failures and not self._closed and not pending.aborted:
            pending.kept = text
            self._failed.append(pending)
        else:
            await self._to_client(text)
        self._record(pending)
        if pending.step is not None:
            self._end_step(pending)
        self.news.set()

    def _begin_step(self, pending: PendingCall) -> None:
        assert self._run is not None
        call, action = pending.call, self.mask(to_action(pending.call, hidden=True))
        step = self._run.begin_call(
            action,
            description=describe(call, action),
            location=call.location,
            ago=timedelta(seconds=asyncio.get_running_loop().time() - pending.sent_at),
        )
        pending.step = step.step_number

    def _end_step(self, pending: PendingCall) -> None:
        assert self._run is not None
        assert pending.step is not None
        step = self._run.end_call(pending.step, self.mask_text(pending.error) if pending.error else None)
        self.on_step(step)
        if types_into(pending.call) is not None:
            self._background.spawn(self._show_value(pending))

    async def _show_value(self, pending: PendingCall) -> None:
        selector = types_into(pending.call)
        if selector is None or await self.is_secret_field(selector) or self._run is None or pending.step is None:
            return
        action = self.mask(to_action(pending.call))
        self._run.show_value(pending.step, action, describe(pending.call, action))

    async def _fail(self, call: Call, message: str = _CANCELLED, *, name: str = "Error") -> None:
        error = {"message": message, "name": name, "stack": ""}
        await self._to_client(to_text({"id": call.id, "error": {"error": error}}))

    def _on_event(self, entry: Entry) -> None:
        """Lets what is held go as soon as the run lets calls pass, or is over."""
        assert self._run is not None
        if isinstance(entry.body, Viewers) and entry.body.count > 0:
            self.on_watched()
        if self._run.calls_pass or self._run.final:
            held, self._held = self._held, deque()
            self._leaving.update(held)
            for pending in held:
                self._background.spawn(self._let_go(pending))
        if self._run.final:
            failed, self._failed = self._failed, deque()
            for pending in (*failed, *([self.current] if self.current else [])):
                self._background.spawn(self._deliver(pending))

    async def _let_go(self, pending: PendingCall) -> None:
        assert self._run is not None
        self._leaving.discard(pending)
        if pending.aborted:
            return
        if self._run.status is RunStatus.CANCELLED:
            await self._fail(pending.call)
        elif self._run.final:
            await self._to_server(to_text(pending.call.message))
        else:
            await self._pass(pending, to_text(pending.call.message))

    async def _deliver(self, pending: PendingCall) -> None:
        """Gives the client the answer that was kept, else lets the call go: the run is over."""
        if pending.kept is not None:
            await self.give_up(pending)
        elif not pending.answered:
            await self._fail(pending.call)

    # For the planner and the driver

    def next_failed(self) -> PendingCall | None:
        """Returns the failed call that people may look at next; it stays until ``take_failed``."""
        return self._failed[0] if self._failed else None

    def take_failed(self, consumed: int) -> None:
        """Makes the next failed call the current one."""
        self.current = self._failed.popleft()
        self.current.consumed = consumed

    def next_held(self, consumed: int) -> PendingCall | None:
        """Returns the current call, else the one that has been held longest, which becomes it; None without any."""
        if self.current is not None and not self.current.aborted:
            return self.current
        self.current = None
        if not self._held:
            return None
        self.current = self._held.popleft()
        self.current.consumed = consumed
        return self.current

    async def settle(self, consumed: int) -> None:
        """Answers the current call as done where the run has moved on without it: it was skipped, or done otherwise."""
        current = self.current
        if current is None or consumed <= current.consumed:
            return
        self.current = None
        if not current.is_over:
            self.last_error = None
            await self._to_client(to_text(done(current.call)))

    async def give_up(self, pending: PendingCall) -> None:
        """Gives the client the error of its own call, unchanged."""
        kept, pending.kept = pending.kept, None
        pending.answered = True
        if kept is not None:
            await self._to_client(kept)

    async def attempt(self, pending: PendingCall, action: Action) -> bool:
        """Carries the call out as ``action`` says, and gives the client the answer where it succeeds.

        Returns False where the action is another than the call's. Raises StepFailed with the call's error, which is
        kept. Cancelling it leaves the call to itself.
        """
        message = rewritten(pending.call, action)
        if message is None:
            return False
        if pending.aborted:
            raise StepFailed(_ABORTED)
        pending.attempt = asyncio.get_running_loop().create_future()
        pending.answered, pending.kept, pending.step = False, None, None
        self._running[pending.call.id] = pending
        self._wire.expect_answer(pending.call.id)
        try:
            await self._to_server(to_text(message))
            answer, text = await pending.attempt
        except asyncio.CancelledError:
            pending.answered = True
            raise
        finally:
            pending.attempt = None
        self.last_error = pending.error = failure(pending.call, answer)
        pending.answered = True
        if pending.error is None or pending.aborted:
            await self._to_client(text)
        else:
            pending.kept = text
        if pending.error is not None:
            raise StepFailed(pending.error)
        return True


async def _never_known(_: str) -> bool:
    return True
