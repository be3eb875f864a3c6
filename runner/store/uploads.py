"""The files that runs upload, kept beside each run and out of its steps and events."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from pathlib import Path

from control.protocol.actions import KEPT, Action, ActionType
from control.protocol.models import Step
from runner.browser.file_payload import file_name, payload, safe_name
from runner.driver import StepFailed
from runner.store.atomic_write import atomic_write

logger = logging.getLogger(__name__)

_DIGEST = re.compile(rf"{KEPT}([0-9a-f]{{64}})(?:;|$)")


class UploadStore:
    """Holds the files that one run uploads: each content once, in a file named by its digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unwritten: dict[str, str] = {}
        """What the disk has not taken, by digest."""

    def externalize(self, action: Action) -> Action:
        """Returns the action with ``kept:1f0c…;name=notes.txt;type=text/plain;size=12`` in place of each content."""
        return _each_line(action, self._reference)

    def mark_removed(self, step: Step) -> Step:
        """Returns the step, whose value names each of its files that was removed."""
        gone = [file_name(line) for line in step.full_action.text.split("\n") if self._is_gone(line)]
        if step.action is not ActionType.UPLOAD or not gone:
            return step
        removed = f"{step.value} - removed to make room (JUMPSEAT_MAX_DISK): {', '.join(gone)}"
        return step.model_copy(update={"value": removed})

    def inline(self, action: Action) -> Action:
        """Returns the action with contents in place of references, as far as they are known here."""
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
        name, size = safe_name(file["name"]), len(file["buffer"])
        return f"{KEPT}{digest};name={name};type={file['mimeType']};size={size}"

    def _keep(self, digest: str, value: str) -> None:
        path = self._folder / digest
        try:
            if not path.exists():
                atomic_write(path, value.encode())
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
