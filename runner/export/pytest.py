"""The exporter that writes a run as a pytest file, which passes without jumpseat."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urljoin

from control.errors import Unsupported
from control.protocol.actions import KEPT, Action, ActionType
from control.protocol.models import ElementCall, RunView, Source, Step, StepStatus
from control.user_info import without_user_info
from runner.browser.file_payload import file_name, payload
from runner.export import gestures
from runner.selectors.describe import shorten
from runner.selectors.parse import absent, last_role, parse_chain
from runner.selectors.to_python import environment_name, escaped, literal, locator, pattern, quoted, secret_names
from runner.selectors.typography import alike, has_variants

FORMATS: Final = ("pytest",)
_HEADER: Final = '''"""A browser test, exported from a run of jumpseat: what was planned, and what people did.

Needs playwright and pytest; with pytest-playwright its options work too. JUMPSEAT_BROWSER_PATH names a browser to use
in place of Playwright's own.{environment}
"""

{imports}from collections.abc import Iterator
{managers}from typing import Any

import pytest
from playwright.sync_api import {names}, expect, sync_playwright

BROWSER = os.environ.get("JUMPSEAT_BROWSER_PATH")
expect.set_options(timeout=15_000)

try:
    import pytest_playwright  # noqa: F401 - gives the fixture `page`
except ImportError:

    @pytest.fixture
    def page() -> Iterator[Page]:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER)
            yield browser.new_page()
            browser.close()

else:

    @pytest.fixture(scope="session")
    def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
        return {{**browser_type_launch_args, **({{"executable_path": BROWSER}} if BROWSER else {{}})}}
'''
_EXPECT_TEXT: Final = '''

def expect_text(element: Locator, text: str | re.Pattern[str]) -> None:
    """The element shows the text, or has it as its value or as its chosen option."""
    if element.evaluate("element => element.matches('select')"):
        expect(element.locator("option:checked")).to_contain_text(text)
    elif element.evaluate("element => element.matches('input, textarea')"):
        expect(element).to_have_value(re.compile(re.escape(text)) if isinstance(text, str) else text)
    else:
        expect(element).to_contain_text(text)
'''
_ANSWERS: Final = '''

def answering(page: Page) -> list[bool | str]:
    """Answers to native dialogs in the order in which they open, a text for a prompt. Any other: yes, but no text."""
    answers: list[bool | str] = []

    def answer(dialog: Dialog) -> None:
        given = answers.pop(0) if answers else dialog.type != "prompt"
        if isinstance(given, str):
            dialog.accept(given)
        elif given:
            dialog.accept()
        else:
            dialog.dismiss()

    page.context.on("dialog", answer)
    return answers
'''
_GOTO: Final = '''

def goto(page: Page, url: str) -> None:
    """Opens an address; a page that goes on loading is used as it is after 5 s."""
    page.goto(url, wait_until="domcontentloaded")
    with suppress(Error):
        page.wait_for_load_state("load", timeout=5000)
'''
_TAB: Final = '''

def tab(page: Page, index: int) -> Page:
    """The tab at that index, once it is open."""
    while len(page.context.pages) <= index:
        page.context.wait_for_event("page")
    return page.context.pages[index]
'''
_MAY_CLOSE: Final = '''

@contextmanager
def may_close(page: Page) -> Iterator[None]:
    """Passes over the error of a step that closes its own tab before Playwright has seen it end."""
    try:
        yield
    except Error:
        if not page.is_closed():
            raise
'''
_VALUES: Final = {"textbox", "searchbox", "spinbutton"}
_WORDS: Final = {"alert", "button", "cell", "dialog", "heading", "link", "listitem", "row", "status", "tab"}


def export(run: RunView, steps: Sequence[Step], format: str) -> str:
    """Returns the text of a file that ``pytest`` runs: every step that passed, in order. Raises Unsupported."""
    if format not in FORMATS:
        raise Unsupported(f"a run cannot be exported as '{format}'; formats: {', '.join(FORMATS)}")
    body = _body(run, steps)
    helpers = [code for call, code in _HELPERS.items() if _calls(call, body)]
    names = ", ".join(sorted({"Page", *(name for helper in helpers for name in _NAMES.get(helper, ()))}))
    modules = ["os", *(name for name in ("base64", "re", "time") if _calls(f"{name}.", [*helpers, *body]))]
    imports = "".join(f"import {name}\n" for name in sorted(modules))
    used = ", ".join(["contextmanager"] * (_MAY_CLOSE in helpers) + ["suppress"] * (_GOTO in helpers))
    managers = f"from contextlib import {used}\n" if used else ""
    head = _HEADER.format(environment=_environment(run, steps), names=names, imports=imports, managers=managers)
    return "".join([head, *helpers, f"\n\ndef {_function(run.name)}(page: Page) -> None:\n", *body])


_HELPERS: Final = {
    "expect_text(": _EXPECT_TEXT,
    "tab(": _TAB,
    "answering(": _ANSWERS,
    "may_close(": _MAY_CLOSE,
    "settle(": gestures.SETTLE_HELPER,
    "goto(": _GOTO,
    "scroll": gestures.SCROLL_SCRIPT,
    "scroll(": gestures.SCROLL_HELPER,
    "scroll_to(": gestures.SCROLL_TO_HELPER,
    "drag(": gestures.DRAG_HELPER,
    "upload(": gestures.UPLOAD_HELPER,
    "type_code(": gestures.TYPE_CODE_HELPER,
}
_NAMES: Final = {
    _EXPECT_TEXT: ("Locator",),
    _ANSWERS: ("Dialog",),
    _MAY_CLOSE: ("Error",),
    _GOTO: ("Error",),
    gestures.SCROLL_HELPER: ("JSHandle",),
    gestures.SCROLL_TO_HELPER: ("Locator",),
    gestures.DRAG_HELPER: ("Error", "Locator"),
    gestures.UPLOAD_HELPER: ("Locator", "TimeoutError"),
    gestures.TYPE_CODE_HELPER: ("Locator",),
}
_GESTURES: Final = {
    ActionType.CLICK,
    ActionType.DOUBLE_CLICK,
    ActionType.TYPE,
    ActionType.PRESS,
    ActionType.SELECT,
    ActionType.CHECK,
    ActionType.UNCHECK,
    ActionType.DRAG,
}
_TAKEN_BACK: Final = {ActionType.SELECT, ActionType.CHECK, ActionType.UNCHECK}
"""What a page may take back a moment later."""
_EXPECTATIONS: Final = {
    "to_have_value",
    "to_have_values",
    "to_have_text",
    "to_have_attribute",
    "to_contain_text",
    "to_contain_class",
    "to_be_checked",
    "not_to_be_checked",
}


def _calls(name: str, body: Sequence[str]) -> bool:
    return any(re.search(rf"(?<![\w.]){re.escape(name)}", line) for line in body if not line.lstrip().startswith("#"))


def secrets_of(run: RunView, steps: Sequence[Step]) -> list[str]:
    """Returns the names of the secrets that the run's steps are done with."""
    texts = [run.url, *(str(text) for step in steps for _, text in step.full_action if text is not None)]
    texts += [dialog.text for step in steps for dialog in step.dialogs if dialog.text is not None]
    return sorted({name for text in texts for name in secret_names(text)})


def _environment(run: RunView, steps: Sequence[Step]) -> str:
    needed = sorted({environment_name(name) for name in secrets_of(run, steps)})
    return f"\nSet these environment variables, whose values are secret: {', '.join(needed)}." if needed else ""


def _function(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", re.sub(r"^https?://", "", name.lower()))
    return "_".join(["test", *words])[:80].rstrip("_") if words else "test_run"


def _body(run: RunView, steps: Sequence[Step]) -> list[str]:
    lines = []
    viewport = next((step.viewport for step in steps if step.viewport and not step.tab), None)
    if viewport is not None:
        lines.append(f'page.set_viewport_size({{"width": {viewport.width}, "height": {viewport.height}}})')
    if any(_answers(step) for step in steps):
        lines.append("answers = answering(page)")
    # A dialog that opens while the page loads is put down for the first step.
    lines.extend(line for step in steps[:1] for line in _answers(step))
    lines.append(f"goto(page, {literal(run.url)})")
    at = run.url
    tab: int | None = 0
    closing = _closing(steps)
    for step in steps:
        lines.extend(_step(step, at, tab, closes=step.step_number in closing))
        at, tab = step.url or at, _tab_after(step, tab) if step.step_number not in closing else None
    return [f"    {line}\n" for line in lines]


def _closing(steps: Sequence[Step]) -> set[int]:
    """Returns the numbers of the steps that may have closed their tab: the last ones done in a later tab."""
    done = [step for step in steps if step.status is StepStatus.PASSED]
    following = [*done[1:], None]
    return {
        step.step_number
        for step, after in zip(done, following, strict=False)  # where nothing was done, nothing follows
        if step.tab and step.full_action.type in _GESTURES and (after is None or _goes_to_another(after, step.tab))
    }


def _tab_after(step: Step, tab: int | None) -> int | None:
    """Returns the tab that ``page`` is once the step is done; None where that is not known."""
    if step.status is not StepStatus.PASSED:
        return tab
    if step.full_action.type is ActionType.CLOSE_TAB:
        return None
    if step.full_action.type is ActionType.SWITCH_TAB:
        return int(step.full_action.number or 0)
    return tab if step.tab is None else step.tab


def _answers(step: Step) -> list[str]:
    """Returns the lines that answer the dialogs that the step opens."""
    if step.status is not StepStatus.PASSED or not step.dialogs:
        return []
    given = [str(each.accepted) if each.text is None else literal(each.text) for each in step.dialogs]
    return [f"answers += [{', '.join(given)}]"]


def _step(step: Step, at: str, tab: int | None, *, closes: bool) -> list[str]:
    who = {Source.HUMAN: " (by a person)", Source.OVERRIDE: " (in place of the planned step)"}.get(step.source, "")
    title = f"# {step.step_number}. {comment(step.description)}{who}"
    if step.status is not StepStatus.PASSED:
        why = f": {comment(step.error)}" if step.error else ""
        return [f"{title} - left out, as it {LEFT_OUT[step.status]}{why}"]
    tabs = [f"page = tab(page, {step.tab})"] if _goes_to_another(step, tab) else []
    answers = _answers(step) if step.step_number > 1 else []
    statements = _calls_of(step) or _STATEMENTS[step.full_action.type](step.full_action, at)
    if closes:
        statements = ["with may_close(page):", *(f"    {statement}" for statement in statements)]
    return [title, *tabs, *answers, *statements]


def _calls_of(step: Step) -> list[str]:
    """Returns the calls that the step was carried out by; where nothing could be looked at, the note that says so."""
    statements: list[str] = []
    acted = checked = False
    for call in step.carried_out:
        expects = call.method in _EXPECTATIONS
        if expects and acted and step.full_action.type in _TAKEN_BACK:
            statements.append("settle(page)")
        acted, checked = not expects, checked or expects
        statements.append(_call(call))
    if statements and not checked and step.note:
        statements.append(f"# {comment(step.note)}")
    return statements


def _call(call: ElementCall) -> str:
    """Returns the statement of one call, or of one expectation, as the step was carried out and checked."""
    element, value = locator(call.selector), "" if call.value is None else literal(call.value)
    lines = (call.value or "").split("\n")
    if call.method == "click_at":
        x, _, y = (call.value or "0,0").partition(",")
        return f'{element}.click(position={{"x": {float(x):g}, "y": {float(y):g}}})'
    if call.method == "to_have_values" or (call.method == "select_option" and len(lines) > 1):
        value = f"[{', '.join(literal(line) for line in lines)}]" if call.value else "[]"
    if call.method == "to_have_attribute":
        name, _, wanted = (call.value or "").partition("=")
        value = f"{literal(name)}, {literal(wanted)}"
    if call.method in _EXPECTATIONS:
        return f"expect({element}).{call.method}({value})"
    if call.method == "type_code":
        return f"type_code({element}, {value})"
    if call.method == "drag_to":
        return f"drag({element}, {locator(call.value or 'body')})"
    if call.method == "scroll_to":
        return f"scroll_to({element})"
    return f"{element}.{call.method}({value})"


def _goes_to_another(step: Step, tab: int | None) -> bool:
    """Returns whether the step was done in another tab; one that opens or closes tabs does not depend on it."""
    of_tabs = step.full_action.type in {ActionType.SWITCH_TAB, ActionType.CLOSE_TAB}
    return step.tab is not None and step.tab != tab and not of_tabs


LEFT_OUT: Final = {
    StepStatus.FAILED: "failed",
    StepStatus.SKIPPED: "was skipped",
    StepStatus.RUNNING: "did not end",
}


def comment(text: str) -> str:
    """Returns the text as a comment of one line, whatever it holds."""
    return shorten("".join(char if char.isprintable() else " " for char in text), 150)


# From an action to statements

Statements = Callable[[Action, str], list[str]]


def _on(call: str) -> Statements:
    return lambda action, _at: [f"{locator(action.selector or 'body')}.{call}"]


def _page(call: str) -> Statements:
    return lambda _action, _at: [f"page.{call}"]


def _with_value(method: str) -> Statements:
    return lambda action, _at: [f"{locator(action.selector or 'body')}.{method}({literal(action.text)})"]


def _press(action: Action, _at: str) -> list[str]:
    target = locator(action.selector) if action.selector else "page.keyboard"
    return [f"{target}.press({literal(action.text)})"]


def _click(action: Action, _at: str) -> list[str]:
    button = [f'button="{action.button}"'] if action.button not in {None, "left"} else []
    held = ", ".join(f'"{modifier}"' for modifier in action.modifiers or ())
    how = ", ".join([*button, *([f"modifiers=[{held}]"] if held else [])])
    return [f"{locator(action.selector or 'body')}.click({how})"]


def _select(action: Action, _at: str) -> list[str]:
    options = [literal(option) for option in action.text.split("\n")]
    chosen = options[0] if len(options) == 1 else f"[{', '.join(options)}]"
    return [f"{locator(action.selector or 'body')}.select_option({chosen})"]


def _scroll(action: Action, _at: str) -> list[str]:
    if action.selector:
        return [f"scroll_to({locator(action.selector)})"]
    if action.to_the_end:
        return [f"scroll(page, {action.number:g}, to_end=True)"]
    return [f"scroll(page, {action.number if action.number is None else format(action.number, 'g')})"]


def _navigate(action: Action, at: str) -> list[str]:
    url = action.text.strip()
    return [f"goto(page, {literal(url if url.startswith('{{') else urljoin(at, url))})"]


def _wait(action: Action, _at: str) -> list[str]:
    if action.selector:
        return _expect_visible(action, _at)
    return [f"page.wait_for_timeout({action.number or 0:g})"]


def _upload(action: Action, _at: str) -> list[str]:
    files = [_file(line) for line in action.text.split("\n")]
    given = files[0] if len(files) == 1 else f"[{', '.join(files)}]"
    return [f"upload({locator(action.selector or 'body')}, {given})"]


def _file(value: str) -> str:
    """Returns code for one file; one given by name, or whose content is lost, is looked for beside the test."""
    if not value.startswith("data:"):
        name = quoted(file_name(value)) if value.startswith(KEPT) else literal(value)
        return f"os.path.join(os.path.dirname(__file__), {name})"
    uploaded = payload(value, None)
    name, kind, data = quoted(uploaded["name"]), quoted(uploaded["mimeType"]), uploaded["buffer"]
    return f'{{"name": {name}, "mimeType": {kind}, "buffer": {data!r}}}'


def _drag(action: Action, _at: str) -> list[str]:
    return [f"drag({locator(action.selector or 'body')}, {locator(action.target or 'body')}, seen=False)"]


def _switch_tab(action: Action, _at: str) -> list[str]:
    return [f"page = tab(page, {int(action.number or 0)})"]


def _close_tab(action: Action, _at: str) -> list[str]:
    return [
        f"tab(page, {int(action.number or 0)}).close()",
        "page = page.context.pages[-1] if page.is_closed() else page",
    ]


def _expect_visible(action: Action, _at: str) -> list[str]:
    selector = action.selector or "body"
    if (gone := absent(selector)) is not None:
        return [f"expect({locator(gone)}).to_have_count(0)"]
    code = locator(selector)
    some = code if parse_chain(selector)[-1].engine == "nth" else f"{code}.filter(visible=True).first"
    return [f"expect({some}).to_be_visible()"]


def _expect_text(action: Action, _at: str) -> list[str]:
    element, text = locator(action.selector or "body"), " ".join(action.text.split())
    role = last_role(action.selector or "")
    spelled = pattern([alike(text)]) if has_variants(text) and not secret_names(text) else None
    if role in _VALUES:
        return [f"expect({element}).to_have_value({spelled or pattern(escaped(text))})"]
    if role in _WORDS:
        return [f"expect({element}).to_contain_text({spelled or literal(text)})"]
    return [f"expect_text({element}, {spelled or literal(text)})"]


def _expect_url(action: Action, _at: str) -> list[str]:
    """As `browser.expect.matches`: a path is of any host, ``*`` is anything, query and fragment count where given."""
    wanted = without_user_info(action.text)
    anywhere = [part for piece in wanted.split("*") for part in (".*", *escaped(piece))][1:]
    head = "^https?://[^/]+" if wanted.startswith("/") else "^"
    tail = "$" if "*" in wanted or "#" in wanted else "(#.*)?$" if "?" in wanted else "([?#].*)?$"
    return [f"expect(page).to_have_url({pattern([head, *anywhere, tail])})"]


_STATEMENTS: Final[dict[ActionType, Statements]] = {
    ActionType.CLICK: _click,
    ActionType.DOUBLE_CLICK: _on("dblclick()"),
    ActionType.HOVER: _on("hover()"),
    ActionType.TYPE: _with_value("fill"),
    ActionType.PRESS: _press,
    ActionType.SELECT: _select,
    ActionType.CHECK: _on("check()"),
    ActionType.UNCHECK: _on("uncheck()"),
    ActionType.SCROLL: _scroll,
    ActionType.NAVIGATE: _navigate,
    ActionType.BACK: _page('go_back(wait_until="domcontentloaded")'),
    ActionType.FORWARD: _page('go_forward(wait_until="domcontentloaded")'),
    ActionType.RELOAD: _page('reload(wait_until="domcontentloaded")'),
    ActionType.WAIT: _wait,
    ActionType.UPLOAD: _upload,
    ActionType.DRAG: _drag,
    ActionType.SWITCH_TAB: _switch_tab,
    ActionType.CLOSE_TAB: _close_tab,
    ActionType.EXPECT_TEXT: _expect_text,
    ActionType.EXPECT_VISIBLE: _expect_visible,
    ActionType.EXPECT_URL: _expect_url,
    ActionType.CALL: lambda _action, _at: ["# a call of the attached test itself, which has no words here"],
}
