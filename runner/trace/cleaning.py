"""What a trace keeps of Playwright's events: the run's steps, the DOM after each, the console, and the requests.

Calls that our own code makes are left out, and so are bodies but for those that a page is drawn from. Everything that
is kept is a page's words, or may be: it is masked, and none of it is obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from control.headers import shown_value
from control.secrets import MASK
from runner.trace.mask import TraceMask

Event = dict[str, Any]

_DRAWN: Final = frozenset({"stylesheet", "image", "font"})
"""Types of the resources that a page is drawn from."""
_FILE: Final = re.compile(r"resources/[\w-][\w.-]*")
_NAME: Final = re.compile(r"[A-Za-z_:][\w:.-]*")
_CREDENTIAL: Final = re.compile(r"csrf|xsrf|token|secret|nonce|api-?key", re.IGNORECASE)
"""Names of what pages hold for their scripts alone."""
_HIDDEN_FIELDS: Final = frozenset({"password", "hidden"})
_VALUES: Final = ("value", "__playwright_value_")
_PAGE_EVENTS: Final = frozenset({"page", "pageClosed", "pageError", "dialog", "download"})
_OF_REQUEST: Final = ("method", "url", "httpVersion", "headersSize", "bodySize")
_OF_RESPONSE: Final = (
    "status",
    "httpVersion",
    "headersSize",
    "bodySize",
    "redirectURL",
    "_transferSize",
    "_failureText",
)
_OF_ENTRY: Final = (
    *("pageref", "startedDateTime", "time", "cache", "timings", "_frameref", "_monotonicTime", "_resourceType"),
    *("_wasAborted", "_wasFulfilled", "_wasContinued", "_serviceWorkerRef"),
)
_CAPTURE: Final = "waitForTimeout"
"""The call that is made to have the DOM taken: see `runner.browser.tracing`."""
_ASCII_MASK: Final = "***"
"""Headers hold no other letters (RFC 9110 §5.5): the viewer would not show what has them."""


class TraceCleaner:
    """Cleans the events of one trace in their order."""

    def __init__(self, mask: TraceMask, *, title: str, errors: Mapping[str, str]) -> None:
        """``errors``: why steps have failed, by the titles that they have in the trace."""
        self._mask = mask
        self._title = title
        self._errors = errors
        self._steps: dict[str, str] = {}
        """The titles of the steps, by the ids of their calls."""
        self._captures: dict[str, str] = {}
        """The steps' calls, by the ids of the calls that took the DOM after them."""
        self._broken: set[str] = set()
        """Frames of which a snapshot is missing: the later ones refer to it."""
        self.files: set[str] = set()
        """The names of the files that the events refer to."""

    def event(self, event: Event) -> Event | None:
        """Returns the event as it is kept; None where it is not."""
        clean = self._kinds.get(str(event.get("type")))
        try:
            return clean(self, event) if clean is not None else None
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            self.lose(str(snapshot.get("frameId")) if isinstance(snapshot := event.get("snapshot"), dict) else "")
            return None

    def lose(self, frame_id: str) -> None:
        """Notes that a snapshot of this frame is missing from now on."""
        self._broken.add(frame_id)

    def _context(self, event: Event) -> Event:
        return self._object({**event, "title": self._title}) | {"type": event["type"]}

    def _before(self, event: Event) -> Event | None:
        call, parent = event["callId"], event.get("parentId")
        if event.get("method") != "tracingGroup":
            if event.get("method") == _CAPTURE and parent in self._steps:
                self._captures[call] = parent
            return None
        self._steps[call] = event["title"]
        kept = {name: event[name] for name in ("type", "callId", "startTime", "class", "method")}
        return kept | {"title": self._mask.text(event["title"]), "params": {}}

    def _after(self, event: Event) -> Event | None:
        title = self._steps.get(event["callId"])
        if title is None:
            return None
        kept = {name: event[name] for name in ("type", "callId", "endTime")}
        error = self._errors.get(title)
        return kept if error is None else kept | {"error": {"name": "Error", "message": self._mask.text(error)}}

    def _frame(self, event: Event) -> Event | None:
        snapshot = event["snapshot"]
        if snapshot["frameId"] in self._broken:
            return None
        step, phase = self._captures.get(snapshot["callId"]), snapshot.get("phase")
        kept = {name: value for name, value in snapshot.items() if name not in {"html", "phase", "resourceOverrides"}}
        overrides = []
        for each in snapshot.get("resourceOverrides", ()):
            if "file" in each and not self._takes(each["file"]):
                continue
            overrides.append(self._object(each))
        shown = {"phase": "after", "callId": step} if step is not None and phase == "after" else {}
        html = self._html(snapshot["html"])
        return {
            "type": "frame-snapshot",
            "snapshot": self._object(kept) | shown | {"html": html, "resourceOverrides": overrides},
        }

    def _html(self, html: Any) -> Any:  # noqa: ANN401 - as the page's script has it
        """Returns the tree with what is to be hidden in it masked: a text, a reference to a node, or an element."""
        root: list[Any] = []
        waiting = [(html, root)]
        while waiting:
            node, siblings = waiting.pop()
            if isinstance(node, str):
                siblings.append(self._mask.text(node))
            elif isinstance(node[0], list):
                siblings.append([[int(node[0][0]), int(node[0][1])]])
            else:
                name = node[0] if _NAME.fullmatch(node[0]) else "span"
                element: list[Any] = [name]
                if len(node) > 1:
                    element.append(self._attributes(name, node[1]))
                siblings.append(element)
                waiting += [(child, element) for child in reversed(node[2:])]
        return root[0]

    def _attributes(self, name: str, attributes: Mapping[str, str]) -> dict[str, str]:
        shown = {each: self._mask.text(str(value)) for each, value in attributes.items() if _NAME.fullmatch(each)}
        is_hidden = shown.get("type", "").lower() in _HIDDEN_FIELDS
        for each in _VALUES:
            if each in shown:
                shown[each] = MASK if is_hidden and shown[each] else self._mask.field(str(attributes[each]))
        if name.upper() == "META" and _CREDENTIAL.search(shown.get("name", "")):
            shown["content"] = MASK
        return shown

    def _resource(self, event: Event) -> Event:
        entry = event["snapshot"]
        kept = self._object({name: entry[name] for name in _OF_ENTRY if name in entry})
        request = self._message(entry["request"], _OF_REQUEST)
        request["queryString"] = self._masked(entry["request"].get("queryString", []))
        response = self._message(entry["response"], _OF_RESPONSE)
        response["statusText"] = self._ascii(entry["response"].get("statusText", ""))
        response["content"] = self._content(entry)
        return {"type": "resource-snapshot", "snapshot": kept | {"request": request, "response": response}}

    def _message(self, message: Event, names: tuple[str, ...]) -> Event:
        headers = [
            {"name": self._ascii(each["name"]), "value": self._ascii(shown_value(each["name"], each["value"]))}
            for each in message.get("headers", ())
        ]
        return self._object({name: message[name] for name in names if name in message}) | {
            "headers": headers,
            "cookies": [],
        }

    def _content(self, entry: Event) -> Event:
        content = entry["response"]["content"]
        kept: Event = self._masked(
            {name: content[name] for name in ("size", "mimeType", "compression") if name in content}
        )
        if "_file" in content and entry.get("_resourceType") in _DRAWN and self._takes(content["_file"]):
            kept["_file"] = content["_file"]
        return kept

    def _takes(self, file: str) -> bool:
        if not _FILE.fullmatch(file):
            return False
        self.files.add(file)
        return True

    def _console(self, event: Event) -> Event:
        return self._object(event) | {"type": event["type"]}

    def _page_event(self, event: Event) -> Event | None:
        if event.get("method") not in _PAGE_EVENTS:
            return None
        return self._object(event) | {name: event[name] for name in ("type", "class", "method")}

    def _ascii(self, text: str) -> str:
        return self._mask.text(text).replace(MASK, _ASCII_MASK)

    def _object(self, fields: Event) -> Event:
        return {self._mask.text(name): self._masked(each) for name, each in fields.items()}

    def _masked(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, str):
            return self._mask.text(value)
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self._masked(each) for each in value]
        if isinstance(value, int | float) and not isinstance(value, bool) and self._mask.text(str(value)) != str(value):
            return MASK
        return value

    _kinds: Final[Mapping[str, Callable[[TraceCleaner, Event], Event | None]]] = {
        "context-options": _context,
        "before": _before,
        "after": _after,
        "frame-snapshot": _frame,
        "resource-snapshot": _resource,
        "console": _console,
        "event": _page_event,
    }
