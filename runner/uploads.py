"""What an ``upload`` action's value stands for: files, one on a line."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from playwright.async_api import FilePayload

from control.protocol.models import KEPT, Action, ActionType, Step
from runner.driver import StepFailed
from runner.store.whole import write_whole

logger = logging.getLogger(__name__)

_DIGEST = re.compile(rf"{KEPT}([0-9a-f]{{64}})(?:;|$)")


class Parcels:
    """The files that one run uploads, out of its steps and events: their content is kept once, beside the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unwritten: dict[str, str] = {}
        """What the disk has not taken, by digest."""

    def put_away(self, action: Action) -> Action:
        """The action with references in place of contents: ``kept:1f0c…;name=notes.txt;type=text/plain;size=12``."""
        return _each_line(action, self._reference)

    def told(self, step: Step) -> Step:
        """The step, saying of each of its files that is here no more that it was removed."""
        gone = [file_name(line) for line in step.full_action.text.split("\n") if self._is_gone(line)]
        if step.action is not ActionType.UPLOAD or not gone:
            return step
        removed = f"{step.value} - removed to make room (JUMPSEAT_MAX_DISK): {', '.join(gone)}"
        return step.model_copy(update={"value": removed})

    def fetch(self, action: Action) -> Action:
        """The action with contents in place of references, as far as they are known here."""
        return _each_line(action, self._content)

    def _reference(self, value: str) -> str:
        if not value.startswith("data:"):
            return value
        try:
            file = payload(value, None)
        except StepFailed:
            return value
        digest = hashlib.sha256(value.encode()).hexdigest()
        self._keep(digest, value)
        name, size = _safe(file["name"]), len(file["buffer"])
        return f"{KEPT}{digest};name={name};type={file['mimeType']};size={size}"

    def _keep(self, digest: str, value: str) -> None:
        path = self._folder / digest
        try:
            if not path.exists():
                write_whole(path, value.encode())
        except OSError as error:
            logger.warning("a file to upload could not be written down, and will not outlive the run: %s", error)
            self._unwritten[digest] = value

    def _is_gone(self, value: str) -> bool:
        found = _DIGEST.match(value)
        return found is not None and found[1] not in self._unwritten and not (self._folder / found[1]).exists()

    def _content(self, value: str) -> str:
        found = _DIGEST.match(value)
        if found is None:
            return value
        try:
            return self._unwritten.get(found[1]) or (self._folder / found[1]).read_text(encoding="utf-8")
        except OSError:
            return value


def _each_line(action: Action, change: Callable[[str], str]) -> Action:
    if action.type is not ActionType.UPLOAD:
        return action
    return action.model_copy(update={"value": "\n".join(change(line) for line in action.text.split("\n"))})


def payloads(value: str, folder: Path | None) -> list[FilePayload]:
    """The files that the lines of ``value`` name, each as for `payload`. Raises StepFailed."""
    return [payload(line, folder) for line in value.split("\n")]


def payload(value: str, folder: Path | None) -> FilePayload:
    """The file that ``value`` names: a ``data:`` URL (RFC 2397, ``;name=`` its name) or a file in ``folder``.

    Raises StepFailed for anything else.
    """
    if value.startswith(KEPT):
        raise StepFailed(f"There is no file '{file_name(value)}' in this run any more: give it as a data: URL")
    return _from_data_url(value) if value.startswith("data:") else _from_folder(value, folder)


def file_name(value: str) -> str:
    """The name of the file that one line names by path or reference."""
    if not value.startswith(KEPT):
        return value
    return unquote(_named(value.split(";"))) or "upload.bin"


def data_url(name: str, mime_type: str, data: bytes) -> str:
    """The value that `payload` reads back."""
    encoded = base64.b64encode(data).decode()
    return f"data:{mime_type};name={_safe(name)};base64,{encoded}"


def _safe(name: str) -> str:
    return "".join(
        character
        if character.isalnum() or character in "._-"
        else f"%{ord(character):02X}"
        if ord(character) < 128
        else character
        for character in name
    )


def _named(parameters: list[str]) -> str:
    named = (parameter.removeprefix("name=") for parameter in parameters if parameter.startswith("name="))
    return next(named, "upload.bin")


def _from_data_url(value: str) -> FilePayload:
    head, comma, body = value.removeprefix("data:").partition(",")
    if not comma:
        raise StepFailed("The data: URL of the upload has no comma, and so no content")
    mime_type, *parameters = head.split(";")
    name = Path(unquote(_named(parameters))).name or "upload.bin"
    try:
        content = base64.b64decode(body, validate=True) if "base64" in parameters else unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        raise StepFailed("The data: URL of the upload is not valid base64") from None
    return {"name": name, "mimeType": mime_type or "text/plain", "buffer": content}


def _from_folder(value: str, folder: Path | None) -> FilePayload:
    if folder is None:
        raise StepFailed("This server has no folder for uploads: give the file as a data: URL")
    root = folder.resolve()
    path = (root / value).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise StepFailed(
            f"There is no file '{value}' in the folder for uploads: put it there, or give the file as a data: URL"
        )
    mime_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return {"name": path.name, "mimeType": mime_type, "buffer": path.read_bytes()}
