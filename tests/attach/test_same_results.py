"""A suite of somebody's own has the same results with `jumpseat attach` and without, test by test.

What is run here is the part of both suites that is marked for it; `python -m tests.attach.comparing` runs them whole,
more often and with people who look.
"""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest

from tests.attach.comparing import compare
from tests.attach.environments import python_environment
from tests.attach.suite import SUITES_BY_NAME
from tests.attach.suites.site import serving_suite_site

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]

KINDS = {
    "pytest": {"passed", "xfail", "passed, passed, rerun"},
    "playwright": {"expected", "flaky"},
}
"""Every way in which a test of the suite is expected to end."""


@pytest.mark.parametrize("name", SUITES_BY_NAME)
async def test_results_are_the_same(name: str) -> None:
    async with serving_suite_site() as site:
        found = await compare(SUITES_BY_NAME[name], site, smoke=True)
    assert found.alone.exit_code == 0, found.alone.stdout + found.alone.stderr
    kinds = Counter(result.partition(":")[0] for result in found.alone.results.values())
    assert kinds.keys() == KINDS[name]
    assert kinds.total() >= 9
    assert not list(found.differences()), found.attached.stdout + found.attached.stderr


def test_nothing_of_ours_is_installed_beside_the_tests() -> None:
    names = ("jumpseat", "runner", "aiohttp", "pydantic")
    script = f"import importlib.util as u; print([name for name in {names} if u.find_spec(name)])"
    found = subprocess.run([python_environment(), "-I", "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
