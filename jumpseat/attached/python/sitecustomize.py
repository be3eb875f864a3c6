"""Sends every browser that Playwright launches in this Python process to jumpseat.

`jumpseat attach` has it loaded through PYTHONPATH.
Python imports one module of this name at its start: the one that would have been imported without this one is run, too.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import json
import os
import sys
from typing import Any, Callable, Dict, Sequence, Tuple  # noqa: UP035 - for Python 3.8

from jumpseat_reports import (
    LAUNCH_OPTIONS_HEADER,
    OWN_BROWSER_HEADER,
    VARIABLE,
    WORKER_HEADER,
    Reports,
    first_lines,
    is_served,
    worker_key,
)

_APIS = ("playwright.sync_api", "playwright.async_api")
_NOT_PASSED_ON = ("env", "slowMo", "timeout")
"""Options of `launch` that do not go into the header: the first may hold secrets, the rest are `connect`'s own."""


class PlaywrightFinder:
    """An import hook that changes `BrowserType` as soon as Playwright's API is there."""

    @classmethod
    def find_spec(
        cls,
        name: str,
        path: Sequence[str] | None = None,
        target: Any = None,  # noqa: ANN401 - as importlib has it
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in _APIS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: Any) -> None:  # noqa: ANN401 - Playwright's API
                from jumpseat_downloads import give_paths  # noqa: PLC0415 - most processes have no Playwright

                execute(module)
                attach(module.BrowserType)
                give_paths(module.Download)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def attach(browser_type: Any) -> None:  # noqa: ANN401 - Playwright's class, synchronous or not
    """Has `launch` connect to the endpoint, with what it would have launched in a header."""
    import asyncio  # noqa: PLC0415 - most processes have no Playwright
    import inspect  # noqa: PLC0415

    launch: Callable[..., Any] = browser_type.launch
    launch_persistent: Callable[..., Any] = browser_type.launch_persistent_context

    @functools.wraps(launch)
    def launch_here(self: Any, **options: Any) -> Any:  # noqa: ANN401 - as Playwright has it
        endpoint = os.environ.get(VARIABLE)
        if not endpoint:
            return launch(self, **options)
        own = None
        try:
            headers, own = _wanted(self.name, options)
            browser = self.connect(endpoint, headers=headers, **_own_options(options))
        except Exception as error:
            _unwatched(self.name, endpoint, error, own)
            return launch(self, **options)
        return _ending(browser, own)

    @functools.wraps(launch)
    async def launch_here_async(self: Any, **options: Any) -> Any:  # noqa: ANN401 - as Playwright has it
        endpoint = os.environ.get(VARIABLE)
        if not endpoint:
            return await launch(self, **options)
        own = None
        try:
            loop = asyncio.get_running_loop()
            headers, own = await loop.run_in_executor(None, _wanted, self.name, options)
            browser = await self.connect(endpoint, headers=headers, **_own_options(options))
        except Exception as error:
            _unwatched(self.name, endpoint, error, own)
            return await launch(self, **options)
        return _ending(browser, own)

    @functools.wraps(launch_persistent)
    def note(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as Playwright has it
        endpoint = os.environ.get(VARIABLE)
        if endpoint:
            Reports(endpoint).send("note", text="launch_persistent_context is left alone: what it opens is not watched")
        return launch_persistent(self, *args, **options)

    browser_type.launch = launch_here_async if inspect.iscoroutinefunction(launch) else launch_here
    browser_type.launch_persistent_context = note


def _wanted(kind: str, options: Dict[str, Any]) -> Tuple[Dict[str, str], Any]:  # noqa: UP006 - for Python 3.8
    """Returns the headers to connect with, and the browser that was launched for that where ours cannot be used."""
    given = {_camel(name): value for name, value in options.items() if value is not None}
    headers, own = {}, None
    if is_served():
        passed_on = {name: value for name, value in given.items() if name not in _NOT_PASSED_ON}
        headers[LAUNCH_OPTIONS_HEADER] = json.dumps(passed_on, default=str)
    else:
        from jumpseat_own_browser import OwnBrowser  # noqa: PLC0415 - most projects need none

        own = OwnBrowser(kind, {name: value for name, value in given.items() if name != "slowMo"})
        headers[OWN_BROWSER_HEADER] = own.named
    if "jumpseat_pytest" in sys.modules:
        headers[WORKER_HEADER] = worker_key()
    return headers, own


def _own_options(options: Dict[str, Any]) -> Dict[str, Any]:  # noqa: UP006 - for Python 3.8
    """Returns the options of `launch` that `connect` has, too."""
    return {name: options[name] for name in ("slow_mo", "timeout") if options.get(name) is not None}


def _unwatched(kind: str, endpoint: str, error: Exception, own: Any) -> None:  # noqa: ANN401
    """Notes why this browser is launched as without us."""
    if own is not None:
        own.close()
    said = [line for line in str(error).splitlines() if "jumpseat: " in line]
    reason = said[0].partition("jumpseat: ")[2] if said else first_lines(str(error)).partition("\n")[0]
    Reports(endpoint).send("note", text=f"{kind} is not watched: {reason}")


def _ending(browser: Any, own: Any) -> Any:  # noqa: ANN401 - Playwright's class, synchronous or not
    if own is not None:
        browser.on("disconnected", lambda *_: own.close())
    return browser


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.title() for each in others)


def run_next_sitecustomize() -> None:
    """Runs the module of this name that stands behind this one on the path, in its place."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [folder for folder in sys.path if os.path.abspath(folder or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if os.environ.get(VARIABLE):
    sys.meta_path.insert(0, PlaywrightFinder)
run_next_sitecustomize()
