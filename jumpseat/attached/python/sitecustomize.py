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
from typing import Any, Callable, Sequence  # noqa: UP035 - for Python 3.8

from jumpseat_reports import LAUNCH_OPTIONS_HEADER, VARIABLE, WORKER_HEADER, Reports, is_served, too_old, worker_key

_APIS = ("playwright.sync_api", "playwright.async_api")
_NOT_PASSED_ON = ("env", "slow_mo", "timeout")
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
    launch: Callable[..., Any] = browser_type.launch
    launch_persistent: Callable[..., Any] = browser_type.launch_persistent_context

    @functools.wraps(launch)
    def connect(self: Any, **options: Any) -> Any:  # noqa: ANN401 - as Playwright has it
        endpoint = os.environ.get(VARIABLE)
        if not endpoint:
            return launch(self, **options)
        if not is_served():
            Reports(endpoint).send("note", text=too_old())
            return launch(self, **options)
        given = {name: value for name, value in options.items() if value is not None}
        wanted = {_camel(name): value for name, value in given.items() if name not in _NOT_PASSED_ON}
        headers = {LAUNCH_OPTIONS_HEADER: json.dumps(wanted, default=str)}
        if "jumpseat_pytest" in sys.modules:
            headers[WORKER_HEADER] = worker_key()
        own = {name: given[name] for name in ("slow_mo", "timeout") if name in given}
        return self.connect(endpoint, headers=headers, **own)

    @functools.wraps(launch_persistent)
    def note(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as Playwright has it
        endpoint = os.environ.get(VARIABLE)
        if endpoint:
            Reports(endpoint).send("note", text="launch_persistent_context is left alone: what it opens is not watched")
        return launch_persistent(self, *args, **options)

    browser_type.launch = connect
    browser_type.launch_persistent_context = note


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
