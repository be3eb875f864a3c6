"""What runs within somebody else's tests: their browsers come to the endpoint, and are reported with their test."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.attach.environments import clean_variables, node_environment, python_environment
from tests.attach.fake_endpoint import FakeEndpoint, fake_endpoint
from tests.attach.suite import suite_marks
from tests.browser_fixtures import SharedChromium

pytestmark = suite_marks(300)

ATTACHED = Path(__file__).parents[2] / "jumpseat" / "attached"
PYTEST_SUITE = """
import pytest

def test_passes(page):
    page.set_content("<button>Go</button>")
    page.get_by_role("button", name="Go").click()

def test_fails(page):
    assert page.title() == "another"

@pytest.mark.skip
def test_is_skipped(page): ...

@pytest.mark.xfail
def test_fails_as_expected(page):
    raise AssertionError

@pytest.fixture
def broken(page):
    yield
    raise ValueError("the fixture is broken")

def test_fails_late(broken): ...

def test_launches_itself(playwright):
    browser = playwright.chromium.launch(headless=True, slow_mo=1, env={"SECRET": "hunter22"})
    browser.new_page()
    browser.close()
"""
PLAYWRIGHT_TEST_SUITE = """
import { expect, test } from '@playwright/test';

test('passes', async ({ page }) => {
  await test.step('open it', async () => {
    await page.setContent('<button>Go</button>');
    await test.step('go', () => page.getByRole('button').click());
  });
});
test.describe('group', () => {
  test('passes at the second attempt', async ({ page }, info) => {
    await page.setContent('');
    expect(info.retry).toBe(1);
  });
  test('fails as expected', async ({ page }) => {
    test.fail();
    expect(await page.title()).toBe('another');
  });
});
"""
CONFIG = """
import { defineConfig } from '@playwright/test';
export default defineConfig({ retries: 1, fullyParallel: true, projects: [{ name: 'a' }, { name: 'b' }] });
"""
PYTHON_SYNC = """
import tempfile
from playwright.sync_api import Error, sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(headless=True, args=["--lang=\u00e9"])
    assert browser.new_page().title() == ""
    browser.close()
    try:
        playwright.chromium.launch_persistent_context(tempfile.mkdtemp(), executable_path="/there/is/none")
    except Error:
        print("left alone")
"""
PYTHON_ASYNC = """
import asyncio
from playwright.async_api import async_playwright
async def main():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(headless=True, args=["--lang=\u00e9"])
        assert await (await browser.new_page()).title() == ""
        await browser.close()
asyncio.run(main())
"""
NODE_MAIN = """
const browser = await chromium.launch({ headless: true, args: ['--lang=\u00e9'], env: { SECRET: 'hunter22' } });
if ((await (await browser.newPage()).title()) !== '') process.exit(3);
await browser.close();
"""
SCRIPTS = {
    "sync.py": PYTHON_SYNC,
    "async.py": PYTHON_ASYNC,
    "common.cjs": f"const {{ chromium }} = require('playwright');\n(async () => {{ {NODE_MAIN} }})();",
    "module.mjs": f"import {{ chromium }} from 'playwright';\n{NODE_MAIN}",
}


@pytest_asyncio.fixture(loop_scope="session")
async def endpoint(shared_chromium: SharedChromium) -> AsyncIterator[FakeEndpoint]:
    async with fake_endpoint(await shared_chromium.browser()) as found:
        yield found


async def run(endpoint: FakeEndpoint, folder: Path, *command: str | Path, **variables: str) -> tuple[int | None, str]:
    """Exit code and output of a command that `jumpseat attach` would start."""
    environment = clean_variables(os.environ) | {
        "JUMPSEAT_ATTACH": endpoint.url,
        "PYTHONPATH": str(ATTACHED / "python"),
        "PYTEST_ADDOPTS": "-p jumpseat_pytest",
        "NODE_OPTIONS": f"--require {ATTACHED / 'node' / 'hook.cjs'}",
        "PW_TEST_CONNECT_WS_ENDPOINT": endpoint.url,
        **variables,
    }
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def outcomes(endpoint: FakeEndpoint) -> dict[tuple[str, int], str]:
    """By title and attempt."""
    return {(ended["title"], ended["retry"]): ended["status"] for ended in endpoint.of("testEnd")}


def titles_of_contexts(endpoint: FakeEndpoint) -> list[str]:
    """The title of the test that each context belongs to, as the endpoint finds it."""
    current: dict[str, str] = {}
    found = []
    for kind, what in endpoint.log:
        if kind == "testBegin":
            current[what["worker"]] = what["test"]["title"]
        elif kind == "context":
            found.append(current[what])
    return sorted(found)


@pytest.mark.parametrize("flags", [[], ["-n", "2"]], ids=["alone", "two workers"])
async def test_pytest(endpoint: FakeEndpoint, tmp_path: Path, flags: list[str]) -> None:
    file = tmp_path / "test_shop.py"
    file.write_text(PYTEST_SUITE)
    code, output = await run(endpoint, tmp_path, python_environment(), "-m", "pytest", "-q", *flags)
    assert code == 1, output
    assert "1 failed, 3 passed, 1 skipped, 1 xfailed" in output
    assert "1 error" in output
    assert outcomes(endpoint) == {
        ("test_shop.py::test_passes[chromium]", 0): "passed",
        ("test_shop.py::test_fails[chromium]", 0): "failed",
        ("test_shop.py::test_is_skipped[chromium]", 0): "skipped",
        ("test_shop.py::test_fails_as_expected[chromium]", 0): "passed",
        ("test_shop.py::test_fails_late[chromium]", 0): "failed",
        ("test_shop.py::test_launches_itself", 0): "passed",
    }
    with_pages = ["fails", "fails_as_expected", "fails_late", "passes"]
    wanted = [*(f"test_shop.py::test_{each}[chromium]" for each in with_pages), "test_shop.py::test_launches_itself"]
    assert titles_of_contexts(endpoint) == sorted(wanted)
    errors = {ended["title"]: ended["error"] for ended in endpoint.of("testEnd")}
    assert errors["test_shop.py::test_fails[chromium]"].startswith("AssertionError: assert '' == 'another'")
    assert errors["test_shop.py::test_fails_late[chromium]"] == "ValueError: the fixture is broken"
    begun = {each["test"]["title"]: each["test"] for each in endpoint.of("testBegin")}
    first = begun["test_shop.py::test_passes[chromium]"]
    assert (first["file"], first["line"]) == (str(file), 4)
    assert {each["worker"] for each in begun.values()} == ({"gw0", "gw1"} if flags else {None})
    assert {"headless": True} in [each["options"] for each in endpoint.of("connect")]


async def test_pytest_runs_as_ever_where_reports_go_nowhere(endpoint: FakeEndpoint, tmp_path: Path) -> None:
    (tmp_path / "test_any.py").write_text("def test_any(): ...\ndef test_other(): ...\n")
    code, output = await run(
        endpoint, tmp_path, python_environment(), "-m", "pytest", "-q", JUMPSEAT_ATTACH="ws://127.0.0.1:9/none"
    )
    assert (code, "2 passed" in output) == (0, True), output


async def test_pytest_starts_playwright_before_its_first_report_is_answered(
    endpoint: FakeEndpoint, tmp_path: Path
) -> None:
    endpoint.answers_reports.clear()
    (tmp_path / "test_any.py").write_text("def test_any(page): ...\n")
    code, output = await run(endpoint, tmp_path, python_environment(), "-m", "pytest", "-q")
    assert code == 0, output
    assert [kind for kind, _ in endpoint.log] == ["testBegin", "connect", "context", "testEnd"]


async def test_pytest_by_an_option(endpoint: FakeEndpoint, tmp_path: Path) -> None:
    (tmp_path / "test_any.py").write_text("def test_any(page): ...\n")
    command = (python_environment(), "-m", "pytest", "-q", "--jumpseat", endpoint.url)
    code, output = await run(endpoint, tmp_path, *command, JUMPSEAT_ATTACH="")
    assert code == 0, output
    assert titles_of_contexts(endpoint) == ["test_any.py::test_any[chromium]"]


@pytest.mark.parametrize("kind", ["commonjs", "module"])
@pytest.mark.parametrize("workers", [1, 2])
async def test_playwright_test(endpoint: FakeEndpoint, tmp_path: Path, kind: str, workers: int) -> None:
    (tmp_path / "node_modules").symlink_to(node_environment() / "node_modules")
    (tmp_path / "package.json").write_text(json.dumps({"type": kind}))
    (tmp_path / "playwright.config.ts").write_text(CONFIG)
    file = tmp_path / "shop.spec.ts"
    file.write_text(PLAYWRIGHT_TEST_SUITE)
    command = ["npx", "playwright", "test", "--reporter=json", f"--workers={workers}"]
    code, output = await run(endpoint, tmp_path, *command)
    assert code == 0, output
    stats = json.loads(output)["stats"]
    assert (stats["expected"], stats["flaky"], stats["unexpected"]) == (4, 2, 0)
    second = "group › passes at the second attempt"
    wanted = {
        (f"[{project}] › {title}", retry): status
        for project in ("a", "b")
        for title, retry, status in (
            ("passes", 0, "passed"),
            (second, 0, "failed"),
            (second, 1, "passed"),
            ("group › fails as expected", 0, "passed"),
        )
    }
    assert outcomes(endpoint) == wanted
    assert titles_of_contexts(endpoint) == sorted(title for title, _ in wanted)
    assert [each["error"].splitlines()[0] for each in endpoint.of("testEnd") if each["error"]] == [
        "Error: expect(received).toBe(expected) // Object.is equality"
    ] * 2
    first = next(each["test"] for each in endpoint.of("testBegin") if each["test"]["title"] == "[a] › passes")
    assert (first["file"], first["line"]) == (str(file), 4)
    assert steps(endpoint) == [("open it", "stepBegin"), ("go", "stepBegin"), ("go", "stepEnd"), ("open it", "stepEnd")]


async def test_playwright_test_by_its_configuration(endpoint: FakeEndpoint, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_environment() / "node_modules")
    hook = json.dumps(str(ATTACHED / "node" / "hook.cjs"))
    (tmp_path / "playwright.config.ts").write_text(
        f"if (process.env.JUMPSEAT_ATTACH) require({hook});\nexport default {{}};\n"
    )
    (tmp_path / "a.spec.ts").write_text(
        "import { test } from '@playwright/test';\ntest('any', async ({ page }) => {});\n"
    )
    nothing = {"NODE_OPTIONS": "", "PW_TEST_CONNECT_WS_ENDPOINT": ""}
    code, output = await run(endpoint, tmp_path, "npx", "playwright", "test", **nothing)
    assert code == 0, output
    assert titles_of_contexts(endpoint) == ["any"]
    assert outcomes(endpoint) == {("any", 0): "passed"}


def steps(endpoint: FakeEndpoint) -> list[tuple[str, str]]:
    """The named steps of one test, in their order."""
    worker = next(what["worker"] for kind, what in endpoint.log if kind == "stepBegin")
    found = [
        (what["title"], kind)
        for kind, what in endpoint.log
        if kind in {"stepBegin", "stepEnd"} and what["worker"] == worker
    ]
    return found[:4]


@pytest.mark.parametrize("name", SCRIPTS)
async def test_scripts(endpoint: FakeEndpoint, tmp_path: Path, name: str) -> None:
    (tmp_path / "node_modules").symlink_to(node_environment() / "node_modules")
    (tmp_path / name).write_text(SCRIPTS[name])
    code, output = await run(endpoint, tmp_path, python_environment() if name.endswith(".py") else "node", name)
    assert code == 0, output
    wanted: dict[str, Any] = {"worker": None, "options": {"headless": True, "args": ["--lang=\u00e9"]}}
    assert endpoint.of("connect") == [wanted]
    assert endpoint.of("context") == [None]
    if name == "sync.py":
        assert output == "left alone\n"
        assert [each["text"].split()[0] for each in endpoint.of("note")] == ["launch_persistent_context"]


async def test_another_sitecustomize_is_run_too(endpoint: FakeEndpoint, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('the other one')")
    path = os.pathsep.join([str(ATTACHED / "python"), str(tmp_path)])
    code, output = await run(endpoint, tmp_path, python_environment(), "-c", "print('main')", PYTHONPATH=path)
    assert (code, output) == (0, "the other one\nmain\n")


async def test_no_test_is_timed_where_people_attend(endpoint: FakeEndpoint, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_environment() / "node_modules")
    (tmp_path / "untimed.spec.ts").write_text(
        "import { expect, test } from '@playwright/test';\n"
        "test('has no timeout', ({}, info) => { test.setTimeout(5000); expect(info.timeout).toBe(0); });\n"
    )
    command = ["npx", "playwright", "test", "--timeout=3000"]
    code, output = await run(endpoint, tmp_path, *command, JUMPSEAT_ATTACH_UNTIMED="1")
    assert code == 0, output
