"""Playwright's wire protocol between a client and the browser that it is connected to, read without I/O.

One JSON object a WebSocket message. The client sends ``{id, guid, method, params, metadata}``; the server answers
``{id, result?, error?, log?}`` and creates objects by ``__create__`` messages, of which the guids of contexts, pages,
frames and element handles are followed here. Large messages of no interest are not parsed.

A client's message without ``metadata`` would end the process of Playwright's server, with everybody's browsers: no such
one is passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from control.protocol.models import SourceLocation

Message = dict[str, Any]

_LARGE = 65_536
"""Characters of a client's message from which on it is parsed only where it is of interest."""
_HEAD = 400
"""Characters at the beginning of a message that say what it is: its keys come in a fixed order."""
_REQUEST = re.compile(r'\{"id":("[^"]*"|\d+),"guid":"([^"]*)","method":"(\w+)"')
_METADATA = re.compile(r',"metadata":\{')
"""At the end of a client's message; the file that it names has 4096 characters at most."""
_TAIL = 8192
_ANSWER = re.compile(r'\{"id":("[^"]*"|\d+)[,}]')
_OBJECTS = ("Browser", "BrowserContext", "Page", "Frame", "ElementHandle")
_CREATES = re.compile(r'"method":"__create__","params":\{"type":"(?:' + "|".join(_OBJECTS) + ')"')
_MOVES = re.compile(r'"method":"__(?:adopt|dispose)__"')


class BrokenMessage(Exception):
    """A client has sent what is no message of Playwright's; the text is for whoever wrote the client."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the client, with the objects that it is about."""

    id: str | int
    kind: str
    """``Frame.click``: the type of the object, and the method."""
    context: str
    """The guid of the browser context that it happens in."""
    page: str | None
    """The guid of the page; None for one of the context itself."""
    params: Message
    message: Message
    """The whole message, as it was sent."""

    @property
    def location(self) -> SourceLocation | None:
        """Where the client's code makes the call, where its Playwright says so."""
        place = self.message.get("metadata", {}).get("location") or {}
        file, line = place.get("file"), place.get("line")
        return SourceLocation(file=file[:4096], line=line) if isinstance(file, str) and isinstance(line, int) else None

    @property
    def internal(self) -> bool:
        """True for what the client's library does by itself."""
        return bool(self.message.get("metadata", {}).get("internal"))


@dataclass(frozen=True, slots=True)
class Abort:
    """The client wants no answer to one of its calls any more but an error."""

    id: str | int
    reason: str
    """What that error is to say."""


@dataclass(frozen=True, slots=True)
class ContextOpened:
    """The server has made a browser context for the client."""

    guid: str


@dataclass(frozen=True, slots=True)
class ContextClosed:
    """A browser context is gone."""

    guid: str


@dataclass(frozen=True, slots=True)
class PageOpened:
    """The server has made a page for the client."""

    guid: str
    context: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer to a call."""

    id: str | int
    message: Message

    @property
    def error(self) -> str | None:
        """Why the call has failed, as the client's user would read it; None where it has not."""
        failure = self.message.get("error")
        if failure is None:
            return None
        inner = failure.get("error", failure) if isinstance(failure, dict) else {}
        said = inner.get("message") or "the call has failed"
        details = self.message.get("errorDetails") or {}
        if custom := details.get("customErrorMessage"):
            said = f"{said}: {custom}"
        log = [line for line in self.message.get("log") or () if isinstance(line, str)]
        return "\n".join([str(said), *log[-5:]])


@dataclass(slots=True)
class _Object:
    type: str
    parent: str
    children: set[str] = field(default_factory=set)


class ClientWire:
    """Follows one connection: which objects there are, and which answers are waited for."""

    def __init__(self, *, steps: frozenset[str], selector_engines: Iterable[Message] = ()) -> None:
        """
        Args:
            steps: the calls that are of interest, such as ``Frame.click``.
            selector_engines: engines that every context of the client gets, beside its own.
        """
        self._steps = steps
        self._methods = {kind.partition(".")[2] for kind in steps}
        self._engines = list(selector_engines)
        self._objects: dict[str, _Object] = {}
        self._awaited: set[str | int] = set()

    def from_client(self, text: str) -> tuple[str, Call | Abort | None]:
        """Returns the message as it is to be sent on, and the call that it makes or aborts where that is of interest.

        Raises BrokenMessage for one that must not be sent on.
        """
        head = _REQUEST.match(text[:_HEAD])
        of_interest = head is not None and (head[3] in self._methods or head[3] == "newContext")
        if head is not None and not of_interest and len(text) > _LARGE and _METADATA.search(text[-_TAIL:]):
            return text, None
        message = _request(text)
        if message.get("method") == "__abort__":
            return text, _abort(message["params"])
        if head is None or not of_interest:
            return text, None
        if head[3] == "newContext":
            return self._with_engines(message), None
        call = self._call(message)
        return text, call

    def from_server(self, text: str) -> ContextOpened | ContextClosed | PageOpened | Answer | None:
        """Returns what the message says, where that is of interest; only an answer is not sent on by itself."""
        head = text[:_HEAD]
        answer = _ANSWER.match(head)
        if answer is not None:
            id = json.loads(answer[1])
            if id not in self._awaited:
                return None
            message = _parsed(text)
            if message is None:
                return None
            self._awaited.discard(id)
            return Answer(id, message)
        if _CREATES.search(head):
            return self._create(_parsed(text))
        if _MOVES.search(head):
            return self._move(_parsed(text))
        return None

    def expect_answer(self, id: str | int) -> None:
        """Has the answer to this call reported by ``from_server``."""
        self._awaited.add(id)

    def _with_engines(self, message: Message) -> str:
        params = message.setdefault("params", {})
        given = params.get("selectorEngines") or []
        names = {engine.get("name") for engine in given}
        params["selectorEngines"] = [*given, *(each for each in self._engines if each["name"] not in names)]
        return json.dumps(message)

    def _call(self, message: Message) -> Call | None:
        guid = message["guid"]
        target = self._objects.get(guid)
        if target is None:
            return None
        kind = f"{target.type}.{message['method']}"
        context, page = self._place(guid)
        params = message.get("params")
        if kind not in self._steps or context is None or not isinstance(params, dict):
            return None
        call = Call(message["id"], kind, context, page, params, message)
        return None if call.internal else call

    def _place(self, guid: str) -> tuple[str | None, str | None]:
        """Returns the context and the page that an object belongs to."""
        page = None
        found = self._objects.get(guid)
        while found is not None:
            if found.type == "Page":
                page = guid
            if found.type == "BrowserContext":
                return guid, page
            guid = found.parent
            found = self._objects.get(guid)
        return None, page

    def _create(self, message: Message | None) -> ContextOpened | PageOpened | None:
        if message is None:
            return None
        params = message["params"]
        guid, type, parent = params["guid"], params["type"], message["guid"]
        self._objects[guid] = _Object(type, parent)
        if parent in self._objects:
            self._objects[parent].children.add(guid)
        if type == "Page":
            context, _ = self._place(guid)
            return PageOpened(guid, context) if context is not None else None
        return ContextOpened(guid) if type == "BrowserContext" else None

    def _move(self, message: Message | None) -> ContextClosed | None:
        if message is None:
            return None
        guid = message["guid"]
        if message["method"] == "__adopt__":
            self._adopt(message["params"]["guid"], guid)
            return None
        gone = self._objects.get(guid)
        self._dispose(guid)
        return ContextClosed(guid) if gone is not None and gone.type == "BrowserContext" else None

    def _adopt(self, child: str, parent: str) -> None:
        found = self._objects.get(child)
        if found is None:
            return
        if found.parent in self._objects:
            self._objects[found.parent].children.discard(child)
        found.parent = parent
        if parent in self._objects:
            self._objects[parent].children.add(child)

    def _dispose(self, guid: str) -> None:
        gone = self._objects.pop(guid, None)
        if gone is None:
            return
        if gone.parent in self._objects:
            self._objects[gone.parent].children.discard(guid)
        for child in tuple(gone.children):
            self._dispose(child)


def _abort(params: Message) -> Abort | None:
    id = params.get("id")
    return Abort(id, str(params.get("reason") or "")) if isinstance(id, str | int) else None


def _request(text: str) -> Message:
    """Returns a client's message. Raises BrokenMessage where it has not the form of one."""
    message = _parsed(text)
    if message is None:
        raise BrokenMessage("jumpseat: this is no message of Playwright: it is no JSON object")
    needed = "params" if message.get("method") == "__abort__" else "metadata"
    if not isinstance(message.get(needed), dict):
        raise BrokenMessage(f"jumpseat: this is no message of Playwright: it has no {needed}")
    return message


def _parsed(text: str) -> Message | None:
    """Returns the message; None for one that is no JSON object, which the other side may refuse in its own words."""
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
