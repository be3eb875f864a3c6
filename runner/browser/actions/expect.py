"""The expectations of a test, waited for until a deadline."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from control.secrets import MASK
from control.user_info import without_user_info
from media.aio import Backoff
from runner.browser.actions.actionability import Subject
from runner.browser.actions.deadline import Deadline
from runner.browser.actions.read_back import look_at
from runner.browser.downloads import Arrival, Downloads
from runner.browser.tabs import Tabs
from runner.driver import StepFailed
from runner.selectors.describe import shorten
from runner.selectors.typography import folded

HELD = """element => {
  const secret = element.matches('[type=password]');
  const labels = () => [...element.selectedOptions].map(option => option.label).join(' ');
  if (element.matches('select')) return { text: labels(), field: true };
  if (element.matches('input, textarea')) return { text: element.value, field: true, secret };
  return { text: element.innerText ?? element.textContent ?? '' };
}"""
"""What an expectation of text looks at; a field's value where it is one, which is secret in some."""
_AGAIN_SECONDS = 0.05


async def text(subject: Subject, wanted: str, deadline: Deadline) -> None:
    """The element shows ``wanted``, or has it as its value; whitespace counts as one space. Raises StepFailed."""
    flat = _flat(wanted)
    backoff = Backoff(0.05, 0.4)
    while True:
        shown = await subject.wait(lambda ms: look_at(subject.locator, HELD, within_ms=ms))
        if folded(flat) in folded(_flat(shown["text"])):
            return
        if deadline.over:
            break
        await asyncio.sleep(min(backoff.next(), deadline.left_ms / 1000))
    seen = MASK if shown.get("secret") else shorten(_flat(shown["text"]))
    raise StepFailed(f"Expected text '{shorten(flat)}', the page shows '{seen}' (waited {deadline.spoken})")


def _flat(text: str) -> str:
    return " ".join(text.split())


async def url(tabs: Tabs, wanted: str, deadline: Deadline) -> None:
    """The active page's address is ``wanted``. Raises StepFailed.

    Playwright gives up waiting as soon as any navigation fails, also one that another has replaced: that is no answer.
    Nor is it one that another tab has become the active one.
    """
    while not deadline.over:
        try:
            await tabs.active.wait_for_url(
                lambda address: matches(wanted, without_user_info(address)),
                wait_until="commit",
                timeout=deadline.slice_ms,
            )
        except PlaywrightTimeout:
            continue
        except (PlaywrightError, StepFailed):
            await asyncio.sleep(min(_AGAIN_SECONDS, deadline.left_ms / 1000))
        else:
            return
    raise StepFailed(f"Expected the address {wanted}, the page is at {tabs.url} (waited {deadline.spoken})")


async def download(downloads: Downloads, wanted: str, deadline: Deadline) -> None:
    """A file of this name, ``*`` in it standing for anything, has come whole since the last action. Raises StepFailed.

    One that had begun before that action says nothing about it.
    """
    while True:
        downloads.news.clear()
        fitting = [each for each in downloads.recent if _like(wanted, each.name)]
        if any(each.whole for each in fitting):
            return
        if failed := next((each for each in fitting if each.error), None):
            raise StepFailed(f"The download of {shorten(failed.name)} failed: {failed.error}")
        if deadline.over:
            break
        with suppress(TimeoutError):
            await asyncio.wait_for(downloads.news.wait(), deadline.left_ms / 1000)
    raise StepFailed(f"{_missing(downloads, wanted, fitting)} (waited {deadline.spoken})")


def _missing(downloads: Downloads, wanted: str, fitting: Iterable[Arrival]) -> str:
    expected = "a download" if wanted == "*" else f"a download of '{shorten(wanted)}'"
    if coming := next(iter(fitting), None):
        return f"The download of {shorten(coming.name)} has not come to its end"
    if any(_like(wanted, each.name) for each in downloads.earlier):
        return f"Expected {expected} by the last action, it came before: expect it right after the step it comes from"
    others = ", ".join(f"'{shorten(each.name)}'" for each in downloads.recent[:3])
    return f"Expected {expected} by the last action, {f'what came is {others}' if others else 'none came'}"


def _like(wanted: str, name: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), name, re.DOTALL) is not None


def matches(wanted: str, address: str) -> bool:
    """``wanted`` is a whole address, or begins with ``/``: then only the path counts; ``*`` stands for anything.

    Of a path, query and fragment count where ``wanted`` has one.
    """
    if wanted.startswith("/"):
        actual = _path(address, query="?" in wanted, fragment="#" in wanted)
    else:
        actual, wanted = _with_path(address), _with_path(wanted)
    return _like(wanted, actual)


def _path(address: str, *, query: bool, fragment: bool) -> str:
    parts = urlsplit(address)
    rest = f"?{parts.query}" if query and parts.query else ""
    rest += f"#{parts.fragment}" if fragment and parts.fragment else ""
    return (parts.path or "/") + rest


def _with_path(address: str) -> str:
    """``http://host`` is ``http://host/`` (RFC 3986 §6.2.3)."""
    parts = urlsplit(address)
    return parts._replace(path="/").geturl() if parts.netloc and not parts.path else address
