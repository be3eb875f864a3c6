"""Launches a browser with this project's own Playwright, where the endpoint cannot serve that version.

Its server is one that the client understands. `jumpseat attach` stands between the two, and looks at the browser beside
them, over its debugging port.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
from typing import Any, Dict, Tuple  # noqa: UP035 - for Python 3.8

_SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "node", "launch_server.cjs")
_DEBUGGING = ("--remote-debugging-port", "--remote-debugging-pipe")
_CLOSE_SECONDS = 5.0


class OwnBrowserFailed(Exception):
    """It could not be launched; the message says why."""


class OwnBrowser:
    """One browser and its server, which end with this process in any case."""

    def __init__(self, kind: str, options: Dict[str, Any]) -> None:  # noqa: UP006 - for Python 3.8
        """Returns once it serves. ``options``: those of `launch`, by their names in JavaScript.

        Raises OwnBrowserFailed.
        """
        args = [str(arg) for arg in options.get("args") or ()]
        if kind != "chromium" or any(arg.startswith(_DEBUGGING) for arg in args):
            raise OwnBrowserFailed("only Chromium can be looked at, and by a debugging port that is not taken")
        port = _free_port()
        wanted = {**options, "host": "127.0.0.1", "args": [*args, f"--remote-debugging-port={port}"]}
        node, folder = _driver()
        self._process = subprocess.Popen(
            [node, _SCRIPT, folder, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True
        )
        atexit.register(self.close)
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps(wanted, default=str) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
            self.named = json.dumps({"endpoint": answer["endpoint"], "cdpPort": port})
        except (OSError, ValueError, KeyError) as error:
            self.close()
            raise OwnBrowserFailed("this project's own Playwright did not launch it") from error

    def close(self) -> None:
        """Ends the browser and its server. Safe to repeat."""
        atexit.unregister(self.close)
        stdin, stdout = self._process.stdin, self._process.stdout
        try:
            if stdin is not None:
                stdin.close()
            self._process.wait(_CLOSE_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        if stdout is not None:
            stdout.close()


def _driver() -> Tuple[str, str]:  # noqa: UP006 - for Python 3.8
    """Returns Playwright's Node and the folder of its library. Raises OwnBrowserFailed."""
    try:
        from playwright._impl._driver import compute_driver_executable  # noqa: PLC0415 - private, and may be gone

        node, command = compute_driver_executable()
    except (ImportError, TypeError, ValueError) as error:
        raise OwnBrowserFailed("this Playwright keeps its driver in another way") from error
    return str(node), os.path.dirname(str(command))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
