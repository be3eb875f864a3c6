"""The statements of exported tests, as Python code: the walk over what a run has done, which every language shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args
from urllib.parse import urljoin

from control.protocol.actions import KEPT, Action, ActionType
from control.protocol.models import ElementCall, RunView, Source, Step, StepStatus
from control.user_info import without_user_info
from runner.browser.file_payload import file_name, payload
from runner.selectors.describe import shorten
from runner.selectors.parse import absent, last_role, parse_chain
from runner.selectors.to_python import environment_name, escaped, literal, locator, pattern, quoted, secret_names
from runner.selectors.typography import alike, has_variants

_VALUES: Final = {"textbox", "searchbox", "spinbutton"}
_WORDS: Final = {"alert", "button", "cell", "dialog", "heading", "link", "listitem", "row", "status", "tab"}
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
_NOTED: Final = {ActionType.UPLOAD}
"""What is noted also where the action alone says how it was done."""
_EXPECTATIONS: Final = frozenset(
    name for name in get_args(ElementCall.model_fields["method"].annotation) if name.startswith(("to_", "not_to_"))
)
"""Every way of looking that a step can have been carried out with."""
LEFT_OUT: Final = {
    StepStatus.FAILED: "failed",
    StepStatus.SKIPPED: "was skipped",
    StepStatus.RUNNING: "did not end",
}
_WAITING: Final = {ActionType.EXPECT_TEXT, ActionType.EXPECT_VISIBLE, ActionType.EXPECT_URL, ActionType.WAIT}


@dataclass(frozen=True, slots=True)
class Statement:
    """Holds one line of an exported test's function."""

    code: str
    """A comment, or Python; what is within a ``with`` is indented."""
    waits: bool = False
    """Whether it stands for a step that waits for the page to become so, and not for a look at what is so."""


def statements(run: RunView, steps: Sequence[Step]) -> list[Statement]:
    """Returns what an exported test does: every step that passed, in order, with comments on all of them.

    The code has ``page`` at its beginning, and calls the helpers that each exporter defines in its own language.
    """
    lines = []
    viewport = next((step.viewport for step in steps if step.viewport and not step.tab), None)
    if viewport is not None:
        lines.append(f'page.set_viewport_size({{"width": {viewport.width}, "height": {viewport.height}}})')
    if any(_answers(step) for step in steps):
        lines.append("answers = answering(page)")
    downloading = _downloading(steps)
    if downloading:
        lines.append("downloads = downloading(page)")
    # A dialog that opens while the page loads is put down for the first step.
    lines.extend(line for step in steps[:1] for line in _answers(step))
    lines.append(f"goto(page, {literal(run.url)})")
    done = [Statement(line) for line in lines]
    at = run.url
    tab: int | None = 0
    closing = _closing(steps)
    for step in steps:
        waits = step.full_action.type in _WAITING
        if step.step_number in downloading:
            done.append(Statement("downloads.clear()"))
        done += [Statement(line, waits) for line in _step(step, at, tab, closes=step.step_number in closing)]
        at, tab = step.url or at, _tab_after(step, tab) if step.step_number not in closing else None
    return done


def secrets_of(run: RunView, steps: Sequence[Step]) -> list[str]:
    """Returns the names of the secrets that the run's steps are done with."""
    texts = [run.url, *(str(text) for step in steps for _, text in step.full_action if text is not None)]
    texts += [dialog.text for step in steps for dialog in step.dialogs if dialog.text is not None]
    return sorted({name for text in texts for name in secret_names(text)})


def environment_of(run: RunView, steps: Sequence[Step]) -> str:
    """Returns the sentence that names the environment variables which the test needs; empty where it needs none."""
    needed = sorted({environment_name(name) for name in secrets_of(run, steps)})
    return f"Set these environment variables, whose values are secret: {', '.join(needed)}." if needed else ""


def calls(name: str, code: Sequence[str]) -> bool:
    """Returns whether the lines have the name, such as ``tab(``, as a word of its own, comments left aside."""
    wanted = re.compile(rf"(?<![\w.]){re.escape(name)}")
    return any(wanted.search(line) for line in code if not line.lstrip().startswith(("#", "//")))


def helpers_for(code: Sequence[str], helpers: Mapping[str, str]) -> list[str]:
    """Returns those of the helpers, by the names that they are called by, which the code needs, in their order."""
    needed = [line for text in code for line in text.splitlines()]
    found: dict[str, str] = {}
    while more := {name: text for name, text in helpers.items() if name not in found and calls(name, needed)}:
        found |= more
        needed = [line for text in more.values() for line in text.splitlines()]
    return [text for name, text in helpers.items() if name in found]


def comment(text: str) -> str:
    """Returns the text as a comment of one line, whatever it holds."""
    return shorten("".join(char if char.isprintable() else " " for char in text), 150)


def _closing(steps: Sequence[Step]) -> set[int]:
    """Returns the numbers of the steps that may have closed their tab: the last ones done in a later tab."""
    done = [step for step in steps if step.status is StepStatus.PASSED]
    following = [*done[1:], None]
    return {
        step.step_number
        for step, after in zip(done, following, strict=False)  # where nothing was done, nothing follows
        if step.tab and step.full_action.type in _GESTURES and (after is None or _goes_to_another(after, step.tab))
    }


def _downloading(steps: Sequence[Step]) -> set[int]:
    """Returns the numbers of the steps from which on downloads count for the expectations after them.

    These are as the run had them: what a person does in between does not begin anew.
    """
    found: set[int] = set()
    last = 0
    for step in steps:
        kind = step.full_action.type
        if step.status is not StepStatus.PASSED:
            continue
        if kind is ActionType.EXPECT_DOWNLOAD:
            found.add(last)
        elif kind.acts and step.source is not Source.HUMAN:
            last = step.step_number
    return found


def _tab_after(step: Step, tab: int | None) -> int | None:
    """Returns the tab that ``page`` is once the step is done; None where that is not known."""
    if step.status is not StepStatus.PASSED:
        return tab
    if step.full_action.type in {ActionType.CLOSE_TAB, ActionType.NEW_TAB}:
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
    done = _done(step, at)
    if closes:
        done = ["with may_close(page):", *(f"    {line}" for line in done)]
    return [title, *tabs, *answers, *done]


def _done(step: Step, at: str) -> list[str]:
    """Returns how the step was carried out and looked at; what its action says where its calls do not say it."""
    leaving = _leaving(step)
    before, listed = step.carried_out[:leaving], step.carried_out[leaving:]
    acts = any(call.method not in _EXPECTATIONS for call in listed)
    # What was so already was only looked at; a key is never among the calls.
    said = not listed or step.full_action.type is ActionType.PRESS
    action = _STATEMENTS[step.full_action.type](step.full_action, at) if said else []
    told = step.note and not any(call.method in _EXPECTATIONS for call in listed)
    note = [f"# {comment(step.note)}"] if step.note and told and (acts or step.full_action.type in _NOTED) else []
    return [*map(_call, before), *action, *_calls_of(listed, step.full_action), *note]


def _leaving(step: Step) -> int:
    """Returns how many of the first calls look at the field that the step has left."""
    methods = [call.method for call in step.carried_out[:2]]
    if methods[:1] != ["blur"]:
        return 0
    return 2 if methods[1:] and methods[1] in _EXPECTATIONS else 1


def _calls_of(listed: Sequence[ElementCall], action: Action) -> list[str]:
    """Returns the calls that the step was carried out by, and the looks at what came of them."""
    lines: list[str] = []
    acted = False
    for call in listed:
        expects = call.method in _EXPECTATIONS
        if expects and acted and action.type in _TAKEN_BACK:
            lines.append("settle(page)")
        acted = not expects
        lines += _upload(action, "") if call.method == "upload" else [_call(call)]
    return lines


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


# From an action to statements

Build = Callable[[Action, str], list[str]]


def _on(call: str) -> Build:
    return lambda action, _at: [f"{locator(action.selector or 'body')}.{call}"]


def _page(call: str) -> Build:
    return lambda _action, _at: [f"page.{call}"]


def _with_value(method: str) -> Build:
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


def _upload_unseen(action: Action, at: str) -> list[str]:
    return [f"{line.removesuffix(')')}, seen=False)" for line in _upload(action, at)]


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


def _new_tab(action: Action, at: str) -> list[str]:
    return ["page = new_tab(page)", *(_navigate(action, at) if action.text.strip() else [])]


def _switch_tab(action: Action, _at: str) -> list[str]:
    return [f"page = tab(page, {int(action.number or 0)})"]


def _close_tab(action: Action, _at: str) -> list[str]:
    return [f"page = close_tab(page, {int(action.number or 0)})"]


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


def _expect_download(action: Action, _at: str) -> list[str]:
    parts = [part for piece in action.text.strip().split("*") for part in (".*", *escaped(piece))][1:]
    return [f"expect_download(page, downloads, {pattern(['^', *parts, '$'])})"]


def _expect_url(action: Action, _at: str) -> list[str]:
    """As `browser.expect.matches`: a path is of any host, ``*`` is anything, query and fragment count where given."""
    wanted = without_user_info(action.text)
    anywhere = [part for piece in wanted.split("*") for part in (".*", *escaped(piece))][1:]
    head = "^https?://[^/]+" if wanted.startswith("/") else "^"
    tail = "$" if "*" in wanted or "#" in wanted else "(#.*)?$" if "?" in wanted else "([?#].*)?$"
    return [f"expect(page).to_have_url({pattern([head, *anywhere, tail])})"]


_STATEMENTS: Final[dict[ActionType, Build]] = {
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
    ActionType.UPLOAD: _upload_unseen,
    ActionType.DRAG: _drag,
    ActionType.NEW_TAB: _new_tab,
    ActionType.SWITCH_TAB: _switch_tab,
    ActionType.CLOSE_TAB: _close_tab,
    ActionType.EXPECT_TEXT: _expect_text,
    ActionType.EXPECT_VISIBLE: _expect_visible,
    ActionType.EXPECT_URL: _expect_url,
    ActionType.EXPECT_DOWNLOAD: _expect_download,
    ActionType.CALL: lambda _action, _at: ["# a call of the attached test itself, which has no words here"],
}
