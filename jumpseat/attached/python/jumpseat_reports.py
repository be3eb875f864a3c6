"""Sends reports to the endpoint of `jumpseat attach` from within somebody else's Python, 3.8 or newer.

Only the standard library is used, and nothing that goes wrong here may reach the test.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, List  # noqa: UP035 - for Python 3.8
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from http.client import HTTPConnection

VARIABLE = "JUMPSEAT_ATTACH"
"""Names the variable that holds the endpoint's address."""
OLDEST_VARIABLE = "JUMPSEAT_ATTACH_OLDEST"
"""Names the variable that holds the oldest version of Playwright that the endpoint serves."""
WORKER_HEADER = "x-jumpseat-worker"
LAUNCH_OPTIONS_HEADER = "x-playwright-launch-options"
OWN_BROWSER_HEADER = "x-jumpseat-own-browser"
_FIRST_SECONDS = 30.0
"""How long the first report may take: jumpseat may still be loading what takes it."""
_TIMEOUT_SECONDS = 2.0
_LONGEST_TEXT = 2000


def is_served() -> bool:
    """Returns whether the endpoint understands this process's Playwright; it does where nothing else is known."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - not needed by most processes

    try:
        ours, oldest = version("playwright"), os.environ.get(OLDEST_VARIABLE, "0")
        return _numbers(ours) >= _numbers(oldest)
    except (PackageNotFoundError, ValueError):
        return True


def _numbers(version: str) -> List[int]:  # noqa: UP006 - for Python 3.8
    return [int(part) for part in version.split(".")[:2]]


def worker_key() -> str:
    """Returns what a test process is called in its reports and its connections, by which they belong together."""
    return f"{os.environ.get('PYTEST_XDIST_WORKER', '')}@{os.getpid()}"


class Reports:
    """One connection for the reports of a process, which are sent in order, each within a millisecond or so."""

    def __init__(self, endpoint: str, *, awaits_first: bool = True) -> None:
        """``awaits_first``: False where the first report is not the last: its answer is taken before the next one.

        jumpseat may still be loading what takes it, and Playwright starts meanwhile; a browser that is asked for after
        the report comes after it.
        """
        parts = urlsplit(endpoint)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port
        self._path = f"{parts.path.rstrip('/')}/report"
        self._connection: HTTPConnection | None = None
        self._process = os.getpid()
        self._broken = False
        self._timeout = _FIRST_SECONDS
        self._awaits = awaits_first
        self._is_unanswered = False

    def send(self, event: str, **report: Any) -> None:  # noqa: ANN401 - any JSON
        """Sends one report; after one that could not be delivered no more are tried."""
        if self._broken:
            return
        if self._process != os.getpid():
            # A forked process must not write into its parent's connection.
            self._connection, self._process, self._is_unanswered = None, os.getpid(), False
        body = json.dumps({"event": event, **report}).encode()
        try:
            self._post(body)
        except Exception:
            self._connection, self._is_unanswered = None, False
            try:
                # A connection that was kept may have been closed by the other end meanwhile.
                self._post(body)
            except Exception:
                self._broken = True

    def _post(self, body: bytes) -> None:
        if self._connection is None:
            # Loaded by every Python process of the command, most of which report nothing.
            from http.client import HTTPConnection  # noqa: PLC0415

            self._connection = HTTPConnection(self._host, self._port, timeout=self._timeout)
        if self._is_unanswered:
            self._take_answer(self._connection)
        self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        self._is_unanswered = True
        if self._awaits:
            self._take_answer(self._connection)
        self._awaits = True

    def _take_answer(self, connection: HTTPConnection) -> None:
        connection.getresponse().read()
        self._is_unanswered = False
        self._timeout = _TIMEOUT_SECONDS


def first_lines(text: str) -> str:
    """Returns the beginning of an error, as much as a person reads."""
    return text.strip()[:_LONGEST_TEXT]
