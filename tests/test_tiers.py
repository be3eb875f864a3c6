"""Tests are in the tier of what they reach."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests import chromium, livekit_server, served
from tests.runner.browser import driver_harness
from tests.runner.planners import planner_harness
from tests.tiers import Needs, ProcessGuard, ProcessStarted, SourceCache


async def imports_a_helper() -> None:
    from tests.chromium import chromium as browser

    async with browser():
        pass


async def only_names_a_type(server: served.Served) -> served.Served:
    return server


class Uses:
    async def test(self) -> None:
        await self.helper()

    async def helper(self) -> None:
        async with served.served():
            pass


@pytest.mark.parametrize(
    ("function", "needs"),
    [
        (chromium.chromium, {"browser"}),
        (served.served, {"process"}),
        (served.free_port, set()),
        (livekit_server.LiveKitServer.start, {"process"}),
        (livekit_server.livekit_server, {"livekit", "process"}),
        (driver_harness.driver_harness, {"browser"}),
        (driver_harness.site, set()),
        (planner_harness.task, set()),
        (imports_a_helper, {"browser"}),
        (only_names_a_type, set()),
        (Uses.test, {"process"}),
    ],
)
def test_what_a_function_needs_is_read_from_its_source(function: Callable[..., Any], needs: set[str]) -> None:
    function = getattr(function, "_get_wrapped_function", lambda: function)()
    assert Needs().of_function(function) == needs


def test_a_file_is_read_again_only_once_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def read(path: Path) -> ast.Module:
        reads.append(path)
        return ast.parse(path.read_text())

    def used() -> frozenset[str]:
        cache = SourceCache(tmp_path / "kept")
        found = cache.read(source).definitions["f"]
        cache.save()
        return found

    monkeypatch.setattr("tests.tiers.tree", read)
    source = tmp_path / "source.py"
    source.write_text("def f():\n    served()\n")
    assert [used(), used()] == [{"served"}, {"served"}]
    assert len(reads) == 1
    source.write_text("def f():\n    chromium()\n    served()\n")
    assert used() == {"served", "chromium"}
    (tmp_path / "kept").write_bytes(b"nothing that was kept")
    assert used() == {"served", "chromium"}
    assert len(reads) == 3


@pytest.mark.parametrize(("marked", "refused"), [(True, True), (False, False)])
def test_a_unit_test_may_not_start_a_process(marked: bool, refused: bool) -> None:
    guard = ProcessGuard()
    item = SimpleNamespace(nodeid="tests/test_x.py::test_x", get_closest_marker=lambda name: marked or None)
    call = guard.pytest_runtest_call(cast(pytest.Item, item))
    next(call)
    try:
        guard.audit("subprocess.Popen", ("browser", ["browser"]))
    except ProcessStarted:
        assert refused
    else:
        assert not refused
    try:
        call.send(None)  # also where the product has caught it
    except ProcessStarted:
        assert refused
    except StopIteration:
        assert not refused
