"""One live run: its browser, its planner, its live capture, and everybody who steers it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from control.errors import InvalidTransition
from control.event_log import Entry, EventLog
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import (
    AttachedRun,
    DialogAnswer,
    NewRun,
    PlannerName,
    RunStatus,
    RunView,
    SourceExcerpt,
    Step,
)
from control.protocol.page_log import PageLogView
from control.protocol.wording import ending
from control.roles import Actor
from control.run import Run
from media.recording.recorder import StreamRecorder
from media.recording.segment import Segment
from media.stream import LiveStream
from runner.driver import BrowserGone, Driver, Drivers, StepFailed
from runner.export.port import exportable
from runner.export.source_files import excerpt
from runner.log import RunLog, ThrottledWarnings
from runner.planners.base import Planner
from runner.run.changes import Changes, NoLongerWanted, SteadyClock
from runner.run.command_handler import CommandHandler
from runner.run.curtain import PageCurtain
from runner.run.live_capture import LiveCapture
from runner.run.masking import Masking
from runner.run.options import SessionOptions
from runner.run.page_log import PageLog
from runner.run.screenshots import Screenshots
from runner.run.step_loop import StepLoop
from runner.run.take_over import TakeOver
from runner.run.trace import RunTrace
from runner.run.waits import Waits
from runner.selectors.describe import describe_action
from runner.store.page_log import PageLogFile
from runner.store.recorder import Recorder
from runner.store.recordings import RecordingFolder, RunRecording
from runner.store.rows import RunRecord
from runner.store.store import Store
from runner.store.traces import TraceFile
from runner.store.uploads import UploadStore

logger = logging.getLogger(__name__)

PlannerFactory = Callable[[PlannerName, NewRun], Planner]
"""Makes a planner for a run. Raises control.errors.Refused where this one cannot be had."""
ON_FAILURE_SECONDS = 300
"""How much of what came last is kept of a run that is recorded in case that it fails."""
STOPPING = "the server was stopped while this run was going on"


@dataclass(frozen=True, slots=True)
class OpenPage:
    """What exists only while the page is open."""

    driver: Driver
    take_over: TakeOver
    step_loop: StepLoop
    screenshots: Screenshots
    live_capture: LiveCapture | None
    recorder: StreamRecorder | None
    page_log: PageLog

    def background(self) -> list[Coroutine[Any, Any, None]]:
        """Returns what goes on beside the step loop, until it is cancelled."""
        pictures = (self.live_capture, self.recorder)
        return [self.screenshots.work(), self.page_log.work(), *(each.work() for each in pictures if each is not None)]


def with_what_is_kept(spec: NewRun, options: SessionOptions) -> NewRun:
    """Returns the spec with what the server is set to, where it does not say itself what is recorded and traced.

    An attached run is never traced: its own Playwright may do that.
    """
    modes = {
        "record": (spec.record or options.record) if options.streaming else "off",
        "trace": "off" if isinstance(spec, AttachedRun) else spec.trace or options.trace,
    }
    changed = {name: mode for name, mode in modes.items() if mode != (getattr(spec, name) or "off")}
    return spec.model_copy(update=changed) if changed else spec


class Session:
    """A run and what carries it out. ``run`` is its whole life; implements signaling.ports.RunHandle."""

    def __init__(
        self,
        spec: NewRun,
        *,
        run_id: str,
        owner: str,
        planner: PlannerName,
        planners: PlannerFactory,
        drivers: Drivers,
        store: Store,
        options: SessionOptions,
    ) -> None:
        """Raises what ``planners`` raises."""
        self.owner = owner
        self._options = options
        steady = SteadyClock()
        self._clock = options.clock or steady
        self._alarm = options.alarm or steady.alarm
        self._drivers = drivers
        self._store = store
        self._uploads = UploadStore(store.uploads_folder(run_id))
        self._masking = Masking(spec.secrets, self._uploads, start_url=spec.url)
        spec = with_what_is_kept(self._masking.spec(spec), options)
        self._make_planner = planners
        self._planners: dict[PlannerName, Planner] = {planner: planners(planner, spec)}
        self._run = self._new_run(spec, run_id, planner, looks_ahead=self._planners[planner].looks_ahead)
        self._logger = RunLog(logger, run_id, self._masking.text)
        self._refusal_warnings = ThrottledWarnings(
            lambda warning: self._logger.warning("%s", warning), more="the page was kept from {} more hosts and ports"
        )
        self._pictures_kept = asyncio.Event()
        self.recording = RunRecording(
            store.recording_folder(run_id),
            store.recordings,
            view=self.view,
            steps=self.steps,
            live=self._recorded,
            complete=self._pictures_kept,
        )
        self._trace_kept = asyncio.Event()
        self.trace = TraceFile(store.folder(run_id), view=self.view, complete=self._trace_kept)
        self._traced = RunTrace(self._run, self.trace, masking=self._masking, logger=self._logger)
        self._changes = Changes()
        self._recorder = Recorder(self._run, store, self._logger, gather=options.gather)
        log_file = PageLogFile(store.page_log_path(run_id))
        self._page_log = PageLog(self._run, log_file, masking=self._masking, logger=self._logger)
        self._dialogs: dict[str, e.Dialog] = {}
        self._page: e.PageChanged | None = None
        self._waits = Waits(self._publish, self._clock)
        self._open_page: OpenPage | None = None
        self._stream_recorder: StreamRecorder | None = None
        self._commands = CommandHandler(
            self._run,
            take_over=lambda: self._open_page.take_over if self._open_page else None,
            masking=self._masking,
            uploads=self._uploads,
            changes=self._changes,
            max_steps=options.max_steps,
            controller_secrets=options.controller_secrets
            if spec.controller_secrets is None
            else spec.controller_secrets,
            on_browser_gone=self._browser_gone,
        )
        self._run.log.listen(self._on_event)

    def _new_run(self, spec: NewRun, run_id: str, planner: PlannerName, *, looks_ahead: bool) -> Run:
        return Run(
            spec,
            run_id=run_id,
            planner=planner,
            new_id=lambda: secrets.token_urlsafe(16),
            describe=lambda action: self._masking.text(describe_action(action)),
            clock=self._clock,
            grace=self._options.grace,
            looks_ahead=looks_ahead,
        )

    # What it is

    @property
    def id(self) -> str:
        return self._run.id

    @property
    def log(self) -> EventLog:
        return self._run.log

    @property
    def stream(self) -> LiveStream | None:
        """Returns the pictures; None before the page is open, after the run, and where streaming is switched off."""
        live_capture = self._open_page.live_capture if self._open_page else None
        return live_capture.stream if live_capture and not self._run.final else None

    @property
    def active(self) -> bool:
        return not self._run.final

    @property
    def viewers(self) -> int:
        """Returns how many people are connected."""
        return len(self._run.viewers)

    def view(self, *, with_steps: bool = True) -> RunView:
        return self._run.view(with_steps=with_steps)

    def record(self) -> RunRecord:
        """As it is kept in the store."""
        return RunRecord(self.owner, self.view(), self.creation())

    def hello(self, actor: Actor) -> e.Hello:
        """Returns everything as it stands, for one who has just come."""
        return e.Hello(
            role=actor.role,
            viewer_id=actor.viewer_id,
            run=self.view(),
            dialogs=tuple(self._dialogs.values()),
            page=self._page,
            help=self._run.help_request,
            waiting=self._waits.current,
        )

    def creation(self) -> dict[str, Any]:
        """Returns the body that the run can be created with anew: secrets by name, with empty values.

        Where it was to pause was meant for this run alone.
        """
        body = self._run.spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"pause_before"})
        return body | {"secrets": self._masking.kept()}

    async def keep_secret(self, name: str) -> None:
        """Raises Refused, and StoreFailed."""
        if self._run.final:
            raise InvalidTransition(f"cannot keep a secret: the run {ending(self._run.status)}")
        self._masking.keep(name)
        await self._store.save_creation(self.id, self.creation())

    async def steps(self, *, after: int = 0, limit: int | None = None) -> Sequence[Step]:
        chosen = islice((step for step in self._run.steps if step.step_number > after), limit)
        return tuple(self._uploads.mark_removed(step) for step in chosen)

    async def step(self, number: int) -> Step | None:
        found = next((step for step in self._run.steps if step.step_number == number), None)
        return found and self._uploads.mark_removed(found)

    async def screenshot(self, number: int, *, before: bool = False) -> Path | None:
        return await self._store.screenshot(self.id, number, before=before)

    async def page_log(self) -> PageLogView:
        return self._page_log.view()

    async def download(self, number: int) -> Path | None:
        return await self._store.download(self.id, number)

    async def export(self, format: str) -> str:
        """Raises Unsupported."""
        view, steps = exportable(self.view(), self._run.steps, uploads=self._uploads, creation=self.creation())
        text = await asyncio.to_thread(self._options.exporter, view, steps, format)
        return self._masking.text(text)

    async def source(self, number: int) -> SourceExcerpt:
        """Raises NotFound."""
        found = await asyncio.to_thread(excerpt, self.view(), self._run.step(number))
        return found.model_copy(update={"lines": tuple(self._masking.text(line) for line in found.lines)})

    # Who steers it

    def join(self, actor: Actor) -> None:
        """Counts a connection of this viewer; paired with ``leave``."""
        self._run.join(actor)

    def leave(self, viewer_id: str) -> None:
        self._run.leave(viewer_id)

    def cancel(self) -> None:
        """Cancels the run because the server stops, and says so."""
        self._run.cancel(STOPPING)

    async def submit(self, command: c.Command, actor: Actor) -> e.Reply | None:
        """Carries the command out; None stands for a plain ack. Raises Refused with the reason."""
        return await self._commands.handle(command, actor)

    # Its life

    async def run(self) -> None:
        """Carries the run from its browser's start to its end, whatever happens; raises nothing but CancelledError."""
        recording = asyncio.create_task(self._recorder.work())
        try:
            with self._failures_end_run():
                await self._live()
        except asyncio.CancelledError:
            self._run.cancel(STOPPING)
            self._recorder.hurry()
            raise
        finally:
            self._refusal_warnings.end()
            self._logger.info("%s", self._run.status)
            try:
                await self._keep_or_drop_pictures()
            finally:
                self._pictures_kept.set()
            await self._finish_recording(recording)
            try:
                await self._traced.keep()
            finally:
                self._trace_kept.set()

    async def _finish_recording(self, recording: asyncio.Task[None]) -> None:
        """Waits until the end is written: a run whose store does not work keeps its place until then."""
        self._recorder.end()
        try:
            await asyncio.wait([recording])
        except asyncio.CancelledError:
            self._recorder.hurry()
            await asyncio.wait([recording])
            raise

    async def _keep_or_drop_pictures(self) -> None:
        recorder, self._stream_recorder = self._stream_recorder, None
        if recorder is not None and recorder.lost:
            self._logger.warning("%d pictures are missing from the recording", recorder.lost)
        if self._run.spec.record == "on-failure" and self._run.status is RunStatus.PASSED:
            await asyncio.to_thread(RecordingFolder(self._store.recording_folder(self.id)).clear)

    def _recorded(self) -> Sequence[Segment] | None:
        return self._stream_recorder.segments if self._stream_recorder is not None else None

    @contextmanager
    def _failures_end_run(self) -> Iterator[None]:
        """Ends the run, with the reason, where something breaks inside."""
        try:
            yield
        except BrowserGone as error:
            self._browser_gone(error)
        except StepFailed as error:
            self._run.fail(self._masking.text(str(error)))
        except Exception as error:
            self._logger.error("the run broke down", exc_info=True)
            self._run.fail(self._masking.text(f"jumpseat itself failed: {type(error).__name__}: {error}"))

    async def _live(self) -> None:
        if not self.active:
            return
        self._logger.info("starting: %s", self._run.spec.address)
        self._run.start()
        async with AsyncExitStack() as parts:
            parts.push_async_callback(self._page_log.end)
            parts.push_async_callback(self._close_planners)
            try:
                driver = await self._changes.while_wanted(self._launch(parts), lambda: self.active)
                open_page = self._assemble(driver)
                if open_page.live_capture:
                    parts.push_async_callback(open_page.live_capture.aclose)
                await self._changes.while_wanted(self._open(driver), lambda: self.active)
            except NoLongerWanted:
                return
            await self._run_steps(open_page)

    async def _launch(self, parts: AsyncExitStack) -> Driver:
        spec = self._run.spec
        kind = spec.browser or self._options.browser
        try:
            async with asyncio.timeout(self._options.launch_timeout):
                driver = await self._drivers.launch(
                    kind,
                    viewport=spec.viewport or self._options.size,
                    allow_hosts=spec.reachable_hosts,
                    trace=self._traced.folder,
                )
        except TimeoutError:
            raise StepFailed(f"the browser did not start within {self._options.launch_timeout:g} s") from None
        parts.push_async_callback(self._close_driver, driver)
        parts.push_async_callback(self._page_log.keep_downloads)
        self._traced.begin(driver)
        parts.push_async_callback(self._traced.stop)
        return driver

    async def _open(self, driver: Driver) -> None:
        url = self._masking.resolve_text(self._run.spec.url)
        try:
            async with asyncio.timeout(self._options.open_timeout), self._traced.opening():
                await driver.open(url)
        except TimeoutError:
            limit = self._options.open_timeout
            raise StepFailed(f"{self._run.spec.address} did not load within {limit:g} s") from None

    def _assemble(self, driver: Driver) -> OpenPage:
        options = self._options
        live_capture = None
        if options.streaming:
            live_capture = LiveCapture(driver, fps=options.fps, bitrate=options.bitrate, logger=self._logger)
            self._run.log.listen(live_capture.on_event)
        curtain = PageCurtain(
            driver,
            stream=live_capture.stream if live_capture else None,
            size=self._run.spec.viewport or options.size,
            trace=self._traced,
        )
        self._run.log.listen(curtain.on_event)
        screenshots = Screenshots(self._run, driver, self._store, self._clock, self._logger, curtain=curtain)
        take_over = TakeOver(
            self._run,
            driver,
            changes=self._changes,
            screenshots=screenshots,
            masking=self._masking,
            curtain=curtain,
            logger=self._logger,
        )
        step_loop = StepLoop(
            self._run,
            driver,
            planner=self._planner,
            changes=self._changes,
            take_over=take_over,
            screenshots=screenshots,
            masking=self._masking,
            trace=self._traced,
            waits=self._waits,
            page_said=self._page_log.said,
            clock=self._clock,
            alarm=self._alarm,
            overtime=options.overtime,
            max_steps=options.max_steps,
            logger=self._logger,
        )
        self._connect_driver(driver, screenshots)
        self._run.log.listen(take_over.on_event)
        recorder = self._record(live_capture.stream) if live_capture else None
        return OpenPage(driver, take_over, step_loop, screenshots, live_capture, recorder, self._page_log)

    def _record(self, stream: LiveStream) -> StreamRecorder | None:
        mode = self._run.spec.record
        if mode in {None, "off"}:
            return None
        warnings = ThrottledWarnings(
            lambda warning: self._logger.warning("%s", warning), more="the recording lacks pictures {} more times"
        )
        self._stream_recorder = StreamRecorder(
            stream,
            RecordingFolder(self._store.recording_folder(self.id)),
            most_bytes=self._options.max_recording,
            most_seconds=ON_FAILURE_SECONDS if mode == "on-failure" else None,
            on_lost=lambda reason: warnings.warn(f"the recording lacks some pictures: {reason}"),
        )
        self._run.log.listen(self._on_covers)
        return self._stream_recorder

    def _on_covers(self, entry: Entry) -> None:
        """Keeps out of the recording what the owner alone has uncovered: it outlives the moment."""
        recorder = self._stream_recorder
        if recorder is None or not isinstance(entry.body, e.CurtainChanged):
            return
        if entry.body.lifted_by is not None:
            recorder.pause()
        else:
            recorder.resume()

    def _connect_driver(self, driver: Driver, screenshots: Screenshots) -> None:
        def on_page(page: e.PageChanged) -> None:
            screenshots.invalidate()
            self._page = self._masking.shape(page)
            self._publish(self._page)

        def on_dialog(dialog: e.Dialog) -> None:
            shown = self._masking.shape(dialog)
            if dialog.closed:
                self._dialogs.pop(dialog.dialog_id, None)
            else:
                self._dialogs[dialog.dialog_id] = shown
            self._publish(shown)

        def on_answered(answer: DialogAnswer) -> None:
            text = None if answer.text is None else self._answered(answer.text, driver)
            message = self._masking.text(answer.message)
            self._run.record_dialog(answer.model_copy(update={"message": message, "text": text}))

        driver.on_page = on_page
        driver.on_dialog = on_dialog
        driver.on_answered = on_answered
        driver.on_refused = self._refusal_warnings.warn
        driver.on_page_said = self._page_log.add
        mode = self._run.spec.page_log or self._options.page_log
        if mode != "off":
            driver.hear_pages(bodies=mode == "bodies")
        driver.on_muted = self._page_log.add_muted
        driver.on_download = self._page_log.add_download
        driver.on_waiting = lambda reason: self._waits.for_element(reason and self._masking.text(reason))
        driver.on_gone = self._browser_gone

    def _answered(self, text: str, driver: Driver) -> str:
        """Returns what a person has answered a dialog with as it is published."""
        if driver.curtained:
            return self._masking.name_password(text, "dialog", driver.url)
        return self._masking.refer_found(text)

    def _publish(self, event: e.PageChanged | e.Dialog | e.Waiting) -> None:
        if self.active:
            self._run.log.append(event)

    async def _run_steps(self, open_page: OpenPage) -> None:
        self._open_page = open_page
        self._run.ready(self._planner(self._run.planning.planner).remaining(open_page.step_loop.task()))
        if open_page.live_capture:
            self._run.log.append(e.StreamAvailable())
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(work) for work in open_page.background()]
                with self._failures_end_run():
                    await open_page.step_loop.run()
                for worker in workers:
                    worker.cancel()
        finally:
            self._open_page = None
            self._dialogs.clear()
            open_page.screenshots.end()

    def _planner(self, name: PlannerName) -> Planner:
        """Returns the planner of that name; instructions may have changed a script into plain sentences."""
        if name not in self._planners:
            self._planners[name] = self._make_planner(name, self._run.spec)
        return self._planners[name]

    def _browser_gone(self, error: BrowserGone) -> None:
        self._run.fail(self._masking.text(f"the browser has gone: {error}"))

    def _on_event(self, _: Entry) -> None:
        self._changes.notify()

    # Its end

    async def _close_planners(self) -> None:
        for planner in self._planners.values():
            await planner.aclose()

    async def _close_driver(self, driver: Driver) -> None:
        try:
            async with asyncio.timeout(self._options.close_timeout):
                await driver.aclose()
        except (TimeoutError, BrowserGone) as error:
            self._logger.warning("the browser did not close: %s", str(error) or "no answer")
