"""Where one page's covered fields are: asked of a script in an isolated world of each of its documents."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import CDPSession, Frame, Page
from playwright.async_api import Error as PlaywrightError

from control.protocol.actions import Box
from media.aio import TaskSet
from media.coding.boxes import Area, paint_boxes, plain_picture

logger = logging.getLogger(__name__)

_WORLD: Final = "jumpseat"
_REPORT: Final = "jumpseatReport"
_SCRIPT: Final = Path(__file__).with_name("fields.js").read_text(encoding="utf-8")
_ANSWER_SECONDS: Final = 1.0
_BEFORE: Final = 0.15
"""Seconds before a picture's time from which on a field's places count: clocks and the compositor are not exact."""
_LINGER: Final = 1.0
"""Seconds for which the last places of fields are covered on: pictures of a page that is gone come late."""


class PlacesUnknown(Exception):
    """The page does not say where its covered fields are: a script keeps it busy, or it is just being left."""


@dataclass(eq=False, slots=True)
class _World:
    """The script's place in one document."""

    session: CDPSession
    context: int
    frame: str
    """The frame's id; a page's main frame has the page's."""
    covers: bool = False
    """It has fields to cover."""
    had_fields: bool = False
    """It has, or had, some: the script knows where they were."""
    placed: bool = False
    """The document around it knows its frame, and says where that is."""
    frames: set[str] = field(default_factory=set)
    """Ids of frames in it that have fields to cover."""

    async def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever the script answers
        """Raises PlaywrightError where the document is gone, and TimeoutError where it does not answer."""
        asked = {"expression": expression, "contextId": self.context, "awaitPromise": True, "returnByValue": True}
        answer = await asyncio.wait_for(self.session.send("Runtime.evaluate", asked), _ANSWER_SECONDS)
        return answer["result"].get("value")


class PageCover:
    """Knows the fields of one page that nobody is to read, and paints boxes over them in its pictures.

    These are fields that are, or once were, password fields, and all that got input while that was expected. The page's
    own scripts see nothing of it.
    """

    def __init__(self, page: Page, background: TaskSet, *, expecting: bool = False, noting: bool = False) -> None:
        """``expecting``, ``noting``: as in `expect`."""
        self._page = page
        self._background = background
        self._worlds: dict[tuple[CDPSession, int], _World] = {}
        self._sessions: dict[Frame, CDPSession] = {}
        self._main = ""
        self._expecting = expecting
        self._noting = noting
        self._telling: set[asyncio.Task[None]] = set()
        self._last: list[Area] = []
        self._left: list[Area] = []
        """Where fields of documents that are gone were last."""
        self._left_until = 0.0
        self._covered_until = 0.0
        self._started = background.spawn(self._start())

    @property
    def active(self) -> bool:
        """Whether a picture has to be looked at: there is, or just was, something to cover, or nobody knows yet."""
        if not self._started.done() or self._expecting or time.time() < max(self._left_until, self._covered_until):
            return True
        return any(world.covers for world in self._worlds.values())

    async def started(self) -> None:
        """Waits until the page's documents are looked at; at once in browsers where that cannot be."""
        await asyncio.wait([self._started])

    def expect(self, *, expecting: bool, noting: bool) -> asyncio.Task[None]:
        """Covers whatever gets input while ``expecting``, and once it is over what gets input while ``noting``.

        The task ends when the page knows; until then pictures wait.
        """
        self._expecting, self._noting = expecting, noting
        self._covered_until = time.time() + _LINGER
        telling = self._background.spawn(self._tell())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        return telling

    async def _tell(self) -> None:
        await self.started()
        await asyncio.gather(*(self._expect(world) for world in tuple(self._worlds.values())))

    async def still_picture(self, sentence: str, *, viewport: tuple[int, int]) -> bytes:
        """Returns a JPEG that stands for the page and says this; a plain one where the page cannot draw it."""
        world = next((world for world in self._worlds.values() if world.frame == self._main), None)
        if world is not None:
            with suppress(PlaywrightError, TimeoutError):
                drawn = await world.ask(f"jumpseatFields.still({json.dumps(sentence)}, {viewport[0]}, {viewport[1]})")
                if drawn:
                    return b64decode(drawn)
        return plain_picture(*viewport)

    async def painted(self, picture: bytes, *, since: float, viewport: tuple[int, int]) -> bytes:
        """Returns the picture with what is to be covered in it covered.

        Args:
            picture: JPEG.
            since: when it was taken, or began to be, in seconds of `time.time()`.
            viewport: width and height in CSS pixels.

        Raises PlacesUnknown, and DecodeError.
        """
        if not self.active:
            return picture
        areas = await self.areas(since)
        if not areas:
            return picture
        return await asyncio.to_thread(paint_boxes, picture, areas, viewport=viewport)

    async def reaches(self, box: Box | None) -> bool:
        """Returns whether something in this part of the viewport is covered now, or may be, as far as is known."""
        if not self.active:
            return False
        try:
            areas = await self.areas(time.time())
        except PlacesUnknown:
            return True
        return box is None or any(_overlap(area, box) for area in areas)

    async def areas(self, since: float) -> Sequence[Area]:
        """Returns where covered fields have been from shortly before ``since`` on. Raises PlacesUnknown."""
        await self.started()
        if self._telling:
            await asyncio.wait(tuple(self._telling))
        for world in self._asked():
            if world.covers:
                await self._place(world)
        worlds = self._asked()
        asked = f"jumpseatFields.boxes({(since - _BEFORE) * 1000})"
        try:
            answers = await asyncio.gather(*(world.ask(asked) for world in worlds))
        except (PlaywrightError, TimeoutError) as error:
            raise PlacesUnknown(str(error) or "no answer") from None
        for world, answer in zip(worlds, answers, strict=True):
            if answer is None or (answer["own"] and not self._is_placed(world)):
                raise PlacesUnknown("a document has just come, or gone")
            if world.frame == self._main and not answer["fresh"]:  # frames that are out of sight draw nothing
                raise PlacesUnknown("the page draws too seldom")
        found = {world.frame: answer for world, answer in zip(worlds, answers, strict=True)}
        self._last = _areas_in(self._main, found)
        return [*self._last, *(self._left if time.time() < self._left_until else ())]

    def _asked(self) -> list[_World]:
        """Returns the documents whose fields count now."""
        worlds = tuple(self._worlds.values())
        return [world for world in worlds if self._expecting or world.had_fields or world.frames]

    def _is_placed(self, world: _World) -> bool:
        return world.placed or world.frame == self._main

    # The page's documents

    async def _start(self) -> None:
        with suppress(PlaywrightError):  # other browsers than Chromium have no such session, and pages may be gone
            session = await self._page.context.new_cdp_session(self._page)
            tree = await session.send("Page.getFrameTree")
            self._main = tree["frameTree"]["frame"]["id"]
            await self._install(session)
            self._page.on("framenavigated", self._navigated)
            for frame in self._page.frames:
                self._navigated(frame)

    async def _install(self, session: CDPSession) -> None:
        session.on("Runtime.executionContextCreated", lambda event: self._created(session, event["context"]))
        session.on("Runtime.executionContextDestroyed", lambda event: self._gone(session, event["executionContextId"]))
        session.on("Runtime.executionContextsCleared", lambda _: self._gone(session))
        session.on("Runtime.bindingCalled", lambda event: self._reported(session, event))
        await session.send("Runtime.enable")
        await session.send("Runtime.addBinding", {"name": _REPORT, "executionContextName": _WORLD})
        await session.send("Page.enable")
        script = {"source": _SCRIPT, "worldName": _WORLD, "runImmediately": True}
        await session.send("Page.addScriptToEvaluateOnNewDocument", script)

    def _navigated(self, frame: Frame) -> None:
        if frame.parent_frame is not None and frame not in self._sessions:
            self._background.spawn(self._adopt(frame))

    async def _adopt(self, frame: Frame) -> None:
        """Looks into a frame that has a process of its own; the others are seen by the page's session."""
        with suppress(PlaywrightError):
            session = await self._page.context.new_cdp_session(frame)
            self._sessions[frame] = session
            session.on("close", lambda _: self._forget(frame))
            await self._install(session)

    def _forget(self, frame: Frame) -> None:
        session = self._sessions.pop(frame, None)
        if session is not None:
            self._gone(session)

    def _created(self, session: CDPSession, context: dict[str, Any]) -> None:
        if context["name"] != _WORLD:
            return
        world = _World(session, context["id"], context["auxData"]["frameId"])
        self._worlds[session, context["id"]] = world
        if self._expecting or self._noting:
            self._background.spawn(self._expect(world))

    def _gone(self, session: CDPSession, context: int | None = None) -> None:
        for key in [key for key in self._worlds if key[0] is session and context in (None, key[1])]:
            world = self._worlds.pop(key)
            if world.had_fields or world.frames:
                self._left = [*(self._left if time.time() < self._left_until else ()), *self._last]
                self._left_until = time.time() + _LINGER

    def _reported(self, session: CDPSession, event: dict[str, Any]) -> None:
        world = self._worlds.get((session, event["executionContextId"]))
        if event["name"] != _REPORT or world is None:
            return
        world.covers = event["payload"] == "some"
        world.had_fields = True
        self._covered_until = time.time() + _LINGER

    async def _expect(self, world: _World) -> None:
        with suppress(PlaywrightError, TimeoutError):
            await world.ask(f"jumpseatFields.expect({json.dumps(self._expecting)}, {json.dumps(self._noting)})")

    async def _place(self, world: _World) -> None:
        """Has the document around a frame say where the frame is. Raises PlacesUnknown."""
        if self._is_placed(world):
            return
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                parent = await self._parent(world)
                owner = await parent.session.send("DOM.getFrameOwner", {"frameId": world.frame})
                node = {"backendNodeId": owner["backendNodeId"], "executionContextId": parent.context}
                resolved = await parent.session.send("DOM.resolveNode", node)
                call = {
                    "objectId": resolved["object"]["objectId"],
                    "functionDeclaration": "function (token) { jumpseatFields.addFrame(token, this) }",
                    "arguments": [{"value": world.frame}],
                }
                await parent.session.send("Runtime.callFunctionOn", call)
        except (PlaywrightError, TimeoutError) as error:
            raise PlacesUnknown(str(error) or "no answer") from None
        parent.frames.add(world.frame)
        world.placed = True
        await self._place(parent)

    async def _parent(self, world: _World) -> _World:
        """Returns the document that the world's frame is in. Raises PlacesUnknown, and PlaywrightError."""
        tree = await world.session.send("Page.getFrameTree")
        parent = _parent_id(tree["frameTree"], world.frame)
        found = next((other for other in self._worlds.values() if other.frame == parent), None)
        if found is None:
            raise PlacesUnknown("the document around a frame is not known yet")
        return found


def _overlap(area: Area, box: Box) -> bool:
    beside = area.right <= box.x or area.left >= box.x + box.width
    return not (beside or area.bottom <= box.y or area.top >= box.y + box.height)


def _parent_id(tree: dict[str, Any], frame: str) -> str | None:
    if tree["frame"]["id"] == frame:
        parent: str | None = tree["frame"].get("parentId")
        return parent
    found = (_parent_id(child, frame) for child in tree.get("childFrames", ()))
    return next((parent for parent in found if parent is not None), None)


def _areas_in(frame: str, answers: dict[str, Any]) -> list[Area]:
    """Returns the areas in coordinates of this frame, those of the frames within it included."""
    answer = answers.get(frame)
    if answer is None:
        return []
    areas = [Area(*box) for box in answer["own"]]
    for token, framed in answer["frames"].items():
        areas += _placed(framed, _areas_in(token, answers))
    return areas


def _placed(framed: dict[str, Any], inner: Sequence[Area]) -> list[Area]:
    """Returns areas of a frame as its parent sees them; all of a frame that moves, where it has any."""
    left, top, right, bottom, across, down, scale = framed["box"]
    if framed["moved"] and inner:
        return [Area(left, top, right, bottom)]
    x, y = left + across, top + down
    moved = (Area(x + a.left * scale, y + a.top * scale, x + a.right * scale, y + a.bottom * scale) for a in inner)
    return [
        Area(max(a.left, left), max(a.top, top), min(a.right, right), min(a.bottom, bottom))
        for a in moved
        if a.right > left and a.left < right and a.bottom > top and a.top < bottom
    ]
