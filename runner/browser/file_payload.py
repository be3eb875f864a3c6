"""The files of an ``upload`` action: what one line of its value stands for."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from playwright.async_api import FilePayload

from control.protocol.actions import KEPT
from runner.driver import StepFailed


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
    return f"data:{mime_type};name={safe_name(name)};base64,{encoded}"


def safe_name(name: str) -> str:
    """Returns the name as it may stand in a data URL's parameter: percent-encoded but for letters, digits, ``._-``."""
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
