"""Repaired locators become a patch of the test's own files, in their language and idiom."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.errors import NotFound, Unsupported
from control.protocol.actions import Action, ActionType
from control.protocol.models import (
    AttachedClient,
    RunView,
    SessionRef,
    Source,
    SourceLocation,
    Step,
    StepStatus,
)
from runner.export.patch import export_patch
from runner.export.source_files import excerpt
from runner.export.typescript_locators import typescript_locators
from tests.run_views import run_view

NOW = datetime(2026, 1, 2, tzinfo=UTC)
A = ActionType
PAY = 'internal:role=button[name="Pay"i]'
PAY_NOW = 'role=button[name="Pay now"]'

PYTHON = """\
import re

from playwright.sync_api import Page, expect


def test_pays(page: Page) -> None:
    page.goto("/checkout")
    page.get_by_label("Straße").fill("ß"); page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
"""

TYPESCRIPT = """\
import { test, expect } from '@playwright/test';

test.describe('the shop', () => {
  test('pays', async ({ page }) => {
    await page.goto('/checkout'); // it's the page.getByRole('button', { name: 'Pay' })
    await page.getByRole('button', { name: 'Pay' }).click();
    await expect(page.getByText('Thank you')).toBeVisible();
  });
});
"""


def run(folder: Path | None) -> RunView:
    return run_view(
        NOW,
        name="pays",
        url="about:blank",
        planner="attached",
        total_steps=None,
        client=AttachedClient(kind="playwright"),
        session=SessionRef(id="s1", name="pytest", folder=None if folder is None else str(folder)),
    )


def repaired(
    file: Path | str,
    line: int,
    old: str = PAY,
    new: str = PAY_NOW,
    *,
    status: StepStatus = StepStatus.PASSED,
    type: ActionType = A.CLICK,
    done: Action | None = None,
) -> Step:
    value = "Ada" if type in {A.TYPE, A.EXPECT_TEXT} else None
    action = done or Action(type=type, selector=new, value=value)
    return Step(
        step_number=2,
        action=action.type,
        target=action.selector,
        value=None,
        description="Click",
        source=Source.OVERRIDE,
        status=status,
        timestamp=NOW,
        full_action=action,
        proposed=Action(type=type, selector=old, value=value),
        location=SourceLocation(file=str(file), line=line),
    )


def patch(folder: Path, *steps: Step) -> str:
    return export_patch(run(folder), steps, "patch")


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    return file


def repair(  # noqa: PLR0917 - what is in the file, and what is repaired in it
    folder: Path, name: str, text: str, line: int, old: str = PAY, new: str = PAY_NOW
) -> str:
    """Returns the lines that the patch removes and adds."""
    made = patch(folder, repaired(written(folder, name, text), line, old, new))
    return "".join(
        line for line in made.splitlines(keepends=True) if line[0] in "+-#" and not line.startswith(("---", "+++"))
    )


def test_a_python_locator_is_replaced(tmp_path: Path) -> None:
    file = written(tmp_path, "tests/test_shop.py", PYTHON)
    assert patch(tmp_path, repaired(file, 8)) == (
        "--- a/tests/test_shop.py\n"
        "+++ b/tests/test_shop.py\n"
        "@@ -5,5 +5,5 @@\n"
        " \n"
        " def test_pays(page: Page) -> None:\n"
        '     page.goto("/checkout")\n'
        '-    page.get_by_label("Straße").fill("ß"); page.get_by_role("button", name="Pay").click()\n'
        '+    page.get_by_label("Straße").fill("ß"); page.get_by_role("button", name="Pay now", exact=True).click()\n'
        '     expect(page.get_by_text("Thank you")).to_be_visible()\n'
    )


def test_a_typescript_locator_is_replaced(tmp_path: Path) -> None:
    assert repair(tmp_path, "shop.spec.ts", TYPESCRIPT, 6) == (
        "-    await page.getByRole('button', { name: 'Pay' }).click();\n"
        "+    await page.getByRole('button', { name: 'Pay now', exact: true }).click();\n"
    )


@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.process
def test_the_usual_tools_apply_it(tmp_path: Path, tool: str, ending: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    one = written(tmp_path, "tests/test_shop.py", PYTHON.rstrip("\n").replace("\n", ending))
    two = written(tmp_path, "e2e tests/shop.spec.ts", TYPESCRIPT.replace("\n", ending))
    steps = [
        repaired(one, 8),
        repaired(one, 9, 'internal:text="Thank you"i', 'text="Thanks"', type=A.EXPECT_VISIBLE),
        repaired(two, 6),
        repaired(tmp_path / "gone.py", 1),
    ]
    made = patch(tmp_path, *steps)
    assert made.startswith("# gone.py:1: use get_by_role(")
    command = {"git": ["git", "apply", "-"], "patch": ["patch", "-p1", "--binary"]}[tool]
    subprocess.run(command, cwd=tmp_path, input=made.encode(), check=True, timeout=30)
    assert 'name="Pay now", exact=True).click()' in one.read_text(encoding="utf-8")
    assert one.read_bytes().decode().endswith('expect(page.get_by_text("Thanks", exact=True)).to_be_visible()')
    assert "{ name: 'Pay now', exact: true }).click();" in two.read_text(encoding="utf-8")


PYTHON_CASES = [
    ('(\n    page\n    .get_by_role(\n        "button",\n        name="Pay",\n    )\n    .click()\n)', 7, PAY),
    ('await self.page.get_by_role("button", name="Pay").first.click()', 1, f"{PAY} >> nth=0"),
    ('expect(page.locator("#cart").get_by_role("button", name="Pay")).to_be_visible()', 1, f"#cart >> {PAY}"),
    ('page.frame_locator("#f").get_by_role("button", name="Pay").click()', 1, f"#f >> {'{enter}'} >> {PAY}"),
    ('page.locator("#f").content_frame.get_by_role("button", name="Pay").click()', 1, f"#f >> {'{enter}'} >> {PAY}"),
    ('with page.expect_popup():\n    page.get_by_role("button", name="Pay").click(timeout=3)', 2, PAY),
    (
        'page.get_by_role("button").filter(has_text="Pay").click()',
        1,
        'internal:role=button >> internal:has-text="Pay"i',
    ),
    (
        'page.locator("li", has=page.get_by_text("Pay")).nth(-2).click()',
        1,
        'li >> internal:has="internal:text=\\"Pay\\"i" >> nth=-2',
    ),
    ('page.get_by_test_id("pay").click()', 1, 'internal:testid=[data-test="pay"s]'),
    ('page.get_by_text(re.compile("^pay$", re.I)).click()', 1, "internal:text=/^pay$/i"),
    (
        'page.get_by_placeholder("Größe").or_(page.locator("x")).click()',
        1,
        'internal:attr=[placeholder="Größe"i] >> internal:or="x"',
    ),
    ('page.get_by_text("✈ 東京", exact=True).click()', 1, 'internal:text="\\u2708 \\u6771\\u4eac"s'),
    ('a, b = page.get_by_text("no"), page.get_by_role("button", name="Pay")', 1, PAY),
]


@pytest.mark.parametrize(("code", "line", "old"), PYTHON_CASES)
def test_python_expressions(tmp_path: Path, code: str, line: int, old: str) -> None:
    sent = old.replace("{enter}", "internal:control=enter-frame")
    changed = repair(tmp_path, "test_it.py", f"import re\n{code}\n", line + 1, sent, "#new")
    added = "".join(line[1:] for line in changed.splitlines() if line[0] == "+")
    assert added.count('.locator("#new")') == 1
    assert "get_by_role" not in added
    assert "#" not in changed[:1]


TYPESCRIPT_CASES = [
    ("await page\n  .getByRole(\n    'button',\n    { name: 'Pay' }, // it's\n  )\n  .click();", 6, PAY),
    ("await this.page!.getByRole(\"button\", { name: 'Pay' }).first().click()", 1, f"{PAY} >> nth=0"),
    ("await expect(page.getByRole('button', { name: 'Pay' }),\n  'says so'\n).toBeVisible();", 3, PAY),
    (
        "await expect(\n  page.locator('#cart').getByRole(`button`, { name: 'Pay' }),\n).toBeVisible();",
        3,
        f"#cart >> {PAY}",
    ),
    ("return page?.getByRole('button', { name: 'Pay' }).click()", 1, PAY),
    ("await Promise.all([page.waitForEvent('popup'), page.getByRole('button', {name: 'Pay'}).click()])", 1, PAY),
    ("await page.frameLocator('#f').getByRole('button', { 'name': 'Pay' }).click()", 1, f"#f >> {'{enter}'} >> {PAY}"),
    ("await expect.poll(() => page.getByText(/pa[/y]$/i).count()).toBe(1)", 1, "internal:text=/pa[/y]$/i"),
    (
        "await page.locator('li', { has: page.getByText('Pay') }).nth(-2).click()",
        1,
        'li >> internal:has="internal:text=\\"Pay\\"i" >> nth=-2',
    ),
    (
        "const half = a / b; await page.getByTitle('It\\'s \"x\"').click() / 2",
        1,
        'internal:attr=[title="It\'s \\"x\\""i]',
    ),
    ("await page.getByLabel('\\u00e4', { exact: true }).click(`${page.getByText('x')} }`)", 1, 'internal:label="ä"s'),
]


@pytest.mark.parametrize(("code", "line", "old"), TYPESCRIPT_CASES)
def test_typescript_expressions(tmp_path: Path, code: str, line: int, old: str) -> None:
    sent = old.replace("{enter}", "internal:control=enter-frame")
    text = f"test.describe('a', () => {{ test('b', async ({{ page }}) => {{\n{code}\n}}); }});\n"
    changed = repair(tmp_path, "it.spec.tsx", text, line + 1, sent, "#new")
    added = "".join(line[1:] for line in changed.splitlines() if line[0] == "+")
    assert added.count(".locator('#new')") == 1
    assert "#" not in changed[:1]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "a.py",
            'page.click("#pay", timeout=3)',
            'page.get_by_role("button", name="Pay now", exact=True).click(timeout=3)',
        ),
        ("a.py", 'page.click(\n    "#pay",\n)', 'page.get_by_role("button", name="Pay now", exact=True).click(\n)'),
        (
            "a.ts",
            "await page.click('#pay');",
            "await page.getByRole('button', { name: 'Pay now', exact: true }).click();",
        ),
        (
            "a.mjs",
            'f(page.click("#pay", {timeout: 3}))',
            'f(page.getByRole("button", { name: "Pay now", exact: true }).click({timeout: 3}))',
        ),
    ],
)
def test_a_selector_that_is_an_argument_becomes_a_locator(tmp_path: Path, name: str, before: str, after: str) -> None:
    changed = repair(tmp_path, name, f"{before}\n", 1, "#pay")
    assert "".join(f"{line[1:]}\n" for line in changed.splitlines() if line[0] == "+") == f"{after.splitlines()[0]}\n"


@pytest.mark.parametrize(
    "code",
    [
        "button.click()",
        'page.get_by_role("button", name=PAY).click()',
        'page.get_by_role("button", name=f"Pa{y}").click()',
        'page.get_by_role("button", name="Buy").click()',
        'page.get_by_role("button", name="Pay").or_(page.get_by_role("button", name="Pay")).click()',
        "this is no Python",
        "",
    ],
)
def test_what_is_not_found_is_a_comment(tmp_path: Path, code: str) -> None:
    said = repair(tmp_path, "test_shop.py", f"{code}\n", 1)
    assert said == '# test_shop.py:1: use get_by_role("button", name="Pay now", exact=True) here\n'


@pytest.mark.parametrize(
    "code", ["await button.click()", "await page.getByRole('button', { name }).click()", "`${", "'"]
)
def test_what_is_not_found_in_typescript_is_a_comment(tmp_path: Path, code: str) -> None:
    said = repair(tmp_path, "shop.spec.ts", f"{code}\n", 1)
    assert said == "# shop.spec.ts:1: use getByRole('button', { name: 'Pay now', exact: true }) here\n"


def test_the_same_locator_twice_in_a_line_is_left_to_people(tmp_path: Path) -> None:
    twice = "await a(page.getByRole('button', { name: 'Pay' }), page.getByRole('button', { name: 'Pay' }));\n"
    assert repair(tmp_path, "shop.spec.ts", twice, 1).startswith("# shop.spec.ts:1: use getByRole(")


def test_a_locator_within_another_stays_within_it(tmp_path: Path) -> None:
    code = 'card.get_by_role("button", name="Pay").click()\n'
    old, new = f"#card >> {PAY}", f"#card >> {PAY_NOW}"
    inner = '+card.get_by_role("button", name="Pay now", exact=True).click()\n'
    assert inner in repair(tmp_path, "a.py", code, 1, old, new)
    assert inner in repair(tmp_path, "a.py", code, 1, old, PAY_NOW)
    assert repair(tmp_path, "a.py", code, 1, old, f"{PAY_NOW} >> nth=2").startswith("# a.py:1: use ")


def test_a_receiver_that_is_a_frame_is_not_given_the_page_s_way_to_it(tmp_path: Path) -> None:
    code = 'frame.get_by_role("button", name="Pay").click()\n'
    assert repair(tmp_path, "a.py", code, 1, PAY, f"#f >> internal:control=enter-frame >> {PAY_NOW}")[0] == "#"


def test_files_that_cannot_be_patched_are_said(tmp_path: Path) -> None:
    outside = written(tmp_path / "other", "shop.spec.ts", TYPESCRIPT)
    folder = tmp_path / "project"
    folder.mkdir()
    link = folder / "key.py"
    link.symlink_to(written(tmp_path, "id_rsa", "secret\n"))
    (folder / "broken.py").write_bytes(b"\xff\xfe")
    steps = [
        repaired(folder / "gone.spec.ts", 3),
        repaired(outside, 6),
        repaired("/etc/passwd", 1),
        repaired(link, 1),
        repaired(folder / "broken.py", 1),
        repaired(folder, 1),
    ]
    said = patch(folder, *steps).splitlines()
    assert [line.split(" here ")[1] for line in said] == [
        "(gone.spec.ts cannot be read on the server's machine: No such file or directory)",
        "(the file is outside the folder of the tests)",
        "(passwd is not shown: it is no test file in Python, TypeScript or JavaScript)",
        "(key.py is not shown: it is no test file in Python, TypeScript or JavaScript)",
        "(broken.py cannot be read on the server's machine: it is no text in UTF-8)",
        "(project is not shown: it is no test file in Python, TypeScript or JavaScript)",
    ]
    assert all(line.startswith("# ") for line in said)
    assert "secret" not in "".join(said)


def test_relative_names_are_of_the_session_s_folder(tmp_path: Path) -> None:
    written(tmp_path, "tests/test_shop.py", PYTHON)
    assert "--- a/tests/test_shop.py\n" in patch(tmp_path, repaired("tests/test_shop.py", 8))
    said = export_patch(run(None), [repaired("tests/test_shop.py", 8)], "patch")
    assert said.endswith("(test_shop.py cannot be read: it is not known in which folder it is)\n")


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [repaired("a.py", 1, status=StepStatus.FAILED)],
        [repaired("a.py", 1, PAY, PAY)],
        [repaired("a.py", 1, done=Action(type=A.PRESS, selector="#x", value="Enter"))],
        [repaired("a.py", 1).model_copy(update={"location": None})],
        [repaired("a.py", 1).model_copy(update={"proposed": None})],
    ],
)
def test_without_a_repair_there_is_no_patch(tmp_path: Path, steps: Sequence[Step]) -> None:
    assert patch(tmp_path, *steps) == ""


def test_the_last_of_several_repairs_of_a_locator_counts(tmp_path: Path) -> None:
    file = written(tmp_path, "shop.spec.ts", TYPESCRIPT)
    made = patch(tmp_path, repaired(file, 6, new="#first"), repaired(file, 6))
    assert made.count("\n+ ") == 1
    assert "Pay now" in made


def test_secrets_and_line_breaks_do_not_get_into_code(tmp_path: Path) -> None:
    file = written(tmp_path, "test_shop.py", PYTHON)
    made = patch(tmp_path, repaired(file, 8, new="text={{secret:PASS}}\nimport os"))
    assert made.startswith("# test_shop.py:8: use locator('text={{secret:PASS}}")
    assert made.count("\n") == 1


def test_a_regular_expression_needs_its_import(tmp_path: Path) -> None:
    folded = 'role=button[name="Pay now" i]'
    assert '+page.get_by_role("button", name=re.compile(' in repair(
        tmp_path, "a.py", 'import re\npage.click("#pay")\n', 2, "#pay", folded
    )
    assert repair(tmp_path, "a.py", 'page.click("#pay")\n', 1, "#pay", folded)[0] == "#"


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        export_patch(run(tmp_path), [], "pytest")


class TestExcerpt:
    def test_lines_around_the_call(self, tmp_path: Path) -> None:
        file = written(tmp_path, "tests/test_shop.py", "\r\n".join(f"line {number}" for number in range(1, 30)))
        found = excerpt(run(tmp_path), repaired(file, 8))
        assert (found.file, found.line, found.first) == ("tests/test_shop.py", 8, 3)
        assert found.lines == tuple(f"line {number}" for number in range(3, 14))

    @pytest.mark.parametrize(("line", "first", "count"), [(1, 1, 6), (3, 1, 3)])
    def test_at_the_ends_of_the_file(self, tmp_path: Path, line: int, first: int, count: int) -> None:
        text = "a\n" * (20 if line == 1 else 3)
        found = excerpt(run(tmp_path), repaired(written(tmp_path, "a.ts", text), line))
        assert (found.first, len(found.lines)) == (first, count)

    @pytest.mark.parametrize("line", [0, 4])
    def test_a_file_that_has_changed_is_said(self, tmp_path: Path, line: int) -> None:
        with pytest.raises(NotFound, match=f"shop.ts has no line {line} any more: it has changed since"):
            excerpt(run(tmp_path), repaired(written(tmp_path, "shop.ts", "a\nb\nc\n"), line))

    def test_a_step_without_a_place_and_a_file_that_is_gone(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="comes from no source file"):
            excerpt(run(tmp_path), repaired("a.py", 1).model_copy(update={"location": None}))
        with pytest.raises(NotFound, match=r"gone\.py cannot be read on the server's machine"):
            excerpt(run(tmp_path), repaired(tmp_path / "gone.py", 1))


@given(st.text(alphabet="page.getByText('a')[]{}`$\"/\\!?,;:\n1 =>", max_size=60), st.integers(1, 5))
def test_no_code_breaks_the_scanner(code: str, line: int) -> None:
    for text in (code, f"page.getByText({code}", f"page.getByRole('a', {{{code}}}).first().click()"):
        for found in typescript_locators(text, line):
            assert text[found.start] == "."
            assert found.start < found.end <= len(text)
