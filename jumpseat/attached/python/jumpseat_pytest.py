"""A pytest plugin that sends pytest-playwright's browsers to jumpseat, and reports which test they belong to.

`jumpseat attach -- pytest` loads it by itself. By hand: `pytest -p jumpseat_pytest --jumpseat ws://…`, with this folder
on PYTHONPATH.
"""

from __future__ import annotations

import inspect
import os
import types
from typing import Any, Dict, Generator  # noqa: UP035 - for Python 3.8

import pytest
from jumpseat_reports import VARIABLE, WORKER_HEADER, Reports, first_lines, is_served, worker_key

_UNTIMED = "JUMPSEAT_ATTACH_UNTIMED"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("jumpseat")
    group.addoption("--jumpseat", metavar="URL", help="send the browsers of this run to jumpseat at this address")


def pytest_configure(config: pytest.Config) -> None:
    endpoint = config.getoption("--jumpseat") or os.environ.get(VARIABLE)
    if not endpoint:
        return
    # Browsers that a test launches by itself go there, too (sitecustomize.py).
    os.environ[VARIABLE] = endpoint
    # Of fixtures that plugins define, the one that was registered last wins: here pytest-playwright's is there already.
    config.pluginmanager.register(connect_options_plugin(endpoint), "jumpseat_connect_options")
    config.pluginmanager.register(TestReports(Reports(endpoint, awaits_first=False)), "jumpseat_test_reports")
    if os.environ.get(_UNTIMED):
        config.pluginmanager.register(NoTimeouts(), "jumpseat_no_timeouts")


def connect_options_plugin(endpoint: str) -> types.ModuleType:
    """Returns a plugin that has pytest-playwright connect to the endpoint in place of launching a browser."""

    @pytest.fixture(scope="session")
    def connect_options(browser_name: str) -> Dict[str, Any]:  # noqa: UP006 - for Python 3.8
        """The endpoint, and by which name this worker reports its tests."""
        from playwright.sync_api import BrowserType  # noqa: PLC0415 - not there in every suite

        if browser_name != "chromium" or not is_served():
            return {}  # it launches one, of which sitecustomize.py takes care
        # Playwright has renamed this parameter.
        _, address, *_ = inspect.signature(BrowserType.connect).parameters
        return {address: endpoint, "headers": {WORKER_HEADER: worker_key()}}

    plugin = types.ModuleType("jumpseat_connect_options")
    plugin.connect_options = connect_options  # type: ignore[attr-defined]
    return plugin


class TestReports:
    """Reports the beginning of each test before its fixtures are made, and its outcome after they are gone."""

    __test__ = False

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._status = "passed"
        self._error: str | None = None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, None]:
        self._status, self._error = "passed", None
        file, line, _ = item.reportinfo()
        test = {
            "file": os.fspath(file),
            "line": None if line is None else line + 1,
            "title": item.nodeid,
            "worker": os.environ.get("PYTEST_XDIST_WORKER"),
            "retry": _retry(item),
        }
        self._reports.send("testBegin", worker=worker_key(), test=test)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        outcome = yield
        report: pytest.TestReport = outcome.get_result()
        if report.failed:
            self._status = "failed"
            self._error = self._error or _error(report, call)
        elif report.skipped and self._status == "passed" and not hasattr(report, "wasxfail"):
            self._status = "skipped"
        if report.when == "teardown":
            ended = {"title": item.nodeid, "retry": _retry(item), "status": self._status, "error": self._error}
            self._reports.send("testEnd", worker=worker_key(), **ended)


class NoTimeouts:
    """Switches pytest-timeout off: a test that a person holds takes as long as that person does."""

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self) -> bool:
        return True

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_cancel_timer(self) -> bool:
        return True


def _retry(item: pytest.Item) -> int:
    """Returns the attempt's number, which pytest-rerunfailures counts from 1."""
    return int(getattr(item, "execution_count", 1)) - 1


def _error(report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    text: str = first_lines(call.excinfo.exconly() if call.excinfo else report.longreprtext)
    return text
