"""What is kept of tests that have not passed: pictures, steps, trace, recording, and one report for all."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from jumpseat.client import Client
from jumpseat.client_errors import ClientError
from jumpseat.settings import BadSetting
from runner.reports.html import Pictures, html_report
from runner.reports.result import FileResult

_MOST_PICTURES: Final = 300
"""In one report, which would grow beyond what a browser opens: at 30 to 100 kB each."""


class Artifacts:
    """Keeps, in one folder, what tells why a test has not passed."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder. Raises BadSetting where nothing can be written into it."""
        self._folder = folder
        self._names: set[str] = set()
        self._pictures: dict[tuple[str, int], bytes] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "report.html").write_bytes(b"")
        except OSError as error:
            raise BadSetting(f"--output: {folder} cannot be written: {error.strerror}") from None

    async def keep(self, client: Client, result: FileResult) -> FileResult:
        """Keeps what there is of a test that has not passed; returns the result with the files' names."""
        if result.run is None or result.verdict == "passed":
            return result
        folder = self._folder / self._name(result.file)
        files = {"steps.json": _steps(result)}
        for number in [step.step_number for step in result.steps if step.screenshot_url]:
            if len(self._pictures) < _MOST_PICTURES:
                await self._take(client, result.run.id, number)
        taken = [picture for (run_id, _), picture in self._pictures.items() if run_id == result.run.id]
        if taken:
            files["last.jpg"] = taken[-1]
        files |= await _page_log(client, result.run.id)
        kept = await asyncio.to_thread(self._store, folder, files)
        return replace(result, kept=(*kept, *await _downloaded(client, result.run.id, folder)))

    async def report(self, results: Sequence[FileResult]) -> Path:
        """Writes ``report.html``, and returns where it is."""
        file = self._folder / "report.html"
        pictures: Pictures = self._pictures
        text = html_report(results, pictures, folder=self._folder)
        await asyncio.to_thread(file.write_bytes, text.encode("utf-8", "replace"))
        return file

    async def _take(self, client: Client, run_id: str, number: int) -> None:
        try:
            self._pictures[run_id, number] = await client.screenshot(run_id, number)
        except ClientError:
            return  # such as one that retention has removed: the others are worth showing

    def _name(self, file: str) -> str:
        """Returns the name of a test's own folder, which no other test has."""
        plain = re.sub(r"[^\w.-]+", "-", file).strip("-.")[-100:] or "test"
        name = next(each for each in _numbered(plain) if each not in self._names)
        self._names.add(name)
        return name

    def _store(self, folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return tuple(folder / name for name in files)


async def _page_log(client: Client, run_id: str) -> dict[str, bytes]:
    """Returns what the page said as files; none where the server does not keep it."""
    try:
        console, har = (await client.console(run_id)).dump(), await client.har(run_id)
    except ClientError:
        return {}
    return {"console.json": json.dumps(console, indent=1).encode(), "network.har": json.dumps(har, indent=1).encode()}


async def _downloaded(client: Client, run_id: str, folder: Path) -> tuple[Path, ...]:
    """Returns the files of trace and recording; those that the server does not have are left out."""
    kept = []
    for name, save in (("trace.zip", client.trace), ("recording.mp4", client.recording)):
        with suppress(ClientError):
            await save(run_id, folder / name)
            kept.append(folder / name)
    return tuple(kept)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 1
    while True:
        number += 1
        yield f"{name}-{number}"


def _steps(result: FileResult) -> bytes:
    run = result.run.dump() if result.run else {}
    return json.dumps({"run": run | {"steps": [step.dump() for step in result.steps]}}, indent=1).encode()
