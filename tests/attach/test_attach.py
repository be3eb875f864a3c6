"""`jumpseat attach` on the demo's suites, in which one button has another name: repaired by somebody, or by nobody."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from control.protocol.models import RunView
from jumpseat.client import Client
from tests.attach.environments import clean_variables, node_environment, python_environment
from tests.attach.onlookers import SessionPage
from tests.attach.suite import Started, running
from web.shop import serving_shop

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.timeout(400)]

DEMO = Path(__file__).parents[2] / "examples" / "attach"
COMMANDS = {
    "pytest": lambda: [str(python_environment()), "-m", "pytest", "test_shop.py"],
    "playwright": lambda: ["npx", "playwright", "test"],
}
DIFFS = {
    "pytest": """
-    page.get_by_role("button", name="Checkout").click()
+    page.get_by_role("button", name="Proceed to payment", exact=True).click()
""",
    "playwright": """
-    await page.getByRole('button', { name: 'Checkout' }).click();
+    await page.getByRole('button', { name: 'Proceed to payment', exact: true }).click();
""",
}
TITLES = {
    "pytest": ["test_shop.py::test_a_product_is_found[chromium]", "test_shop.py::test_an_order[chromium]"],
    "playwright": ["a product is found", "an order"],
}
NEW_NAME = {"type": "click", "selector": "role=button[name='Proceed to payment']"}


@pytest.fixture
async def shop() -> AsyncIterator[str]:
    async with serving_shop() as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo's suites, where nothing else is."""
    found = tmp_path / "suites"
    shutil.copytree(DEMO, found, ignore=shutil.ignore_patterns("*.pyc", "__pycache__", "demo.py"))
    (found / "node_modules").symlink_to(node_environment() / "node_modules")
    return found


def command(kind: str) -> list[str]:
    return [sys.executable, "-m", "jumpseat", "attach", "--", *COMMANDS[kind]()]


def variables(shop: str, data: Path) -> dict[str, str]:
    """Of somebody's shell; the server that is started takes free ports."""
    ours = {"JUMPSEAT_DATA_DIR": str(data), "JUMPSEAT_PORT": "0", "FRAME_SERVER_PORT": "0", "SHOP_URL": shop}
    path = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    return clean_variables(os.environ) | path | ours


async def repair(started: Started, ended: dict[str, RunView]) -> None:
    """Is at every run of the session, and has the call that fails done on the button's new name."""
    page = SessionPage.of(await started.first_line())

    async def follow(client: Client, run_id: str) -> None:
        async for message in client.follow(run_id):
            if message.type == "help_needed":
                await client.override(run_id, NEW_NAME)
        ended[run_id] = await client.get(run_id)

    async with Client(page.server, key=page.key) as client, asyncio.TaskGroup() as followers:
        followed: set[str] = set()
        while len(followed) < 2:
            for run in (await client.list_runs(session=page.session)).runs:
                if run.id not in followed:
                    followed.add(run.id)
                    followers.create_task(follow(client, run.id))
            await asyncio.sleep(0.1)  # lists send no events


@pytest.mark.parametrize("kind", ["pytest", pytest.param("playwright", marks=pytest.mark.long)])
async def test_a_repaired_suite_is_green_and_the_repair_is_printed(
    shop: str, folder: Path, tmp_path: Path, kind: str
) -> None:
    async with running(command(kind), folder, variables(shop, tmp_path / "data")) as started:
        ended: dict[str, RunView] = {}
        async with asyncio.timeout(300):
            await repair(started, ended)
            code, out, err = await started.end()
    assert code == 0, out + err
    assert "2 passed" in out
    assert DIFFS[kind] in err
    assert err.startswith("jumpseat: locators that were repaired:\n--- a/")
    titles = [run.test.title for run in ended.values() if run.test]
    assert sorted(titles, key=str) == TITLES[kind]
    assert [(run.status, run.error) for run in ended.values()] == [("passed", None)] * 2


@pytest.mark.long
@pytest.mark.parametrize("kind", COMMANDS)
async def test_a_suite_that_nobody_looks_at_fails_as_ever(shop: str, folder: Path, tmp_path: Path, kind: str) -> None:
    async with running(command(kind), folder, variables(shop, tmp_path / "data")) as started:
        code, out, err = await started.end()
    assert code == 1, out + err
    assert "1 passed" in out
    assert "1 failed" in out
    assert "Timeout 10000ms exceeded" in out
    assert err == ""
