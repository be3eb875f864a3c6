"""A client's calls as actions, and their messages as people want them instead; read from Playwright's wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from control.protocol.actions import Action, ActionType
from runner.attach.calls import HIDDEN, STEPS, describe, done, rewritten, to_action
from runner.attach.client_headers import ClientAgent, ClientBrowser, LaunchWish
from runner.attach.wire import Abort, Answer, BrokenMessage, Call, ClientWire, ContextClosed, ContextOpened, Message

BUTTON = 'internal:role=button[name="Pay"i]'
PLACE = {"file": "shop.spec.ts", "line": 6, "column": 3}


def create(parent: str, type: str, guid: str) -> str:
    params = {"type": type, "initializer": {}, "guid": guid}
    return json.dumps({"guid": parent, "method": "__create__", "params": params}, separators=(",", ":"))


def request(guid: str, method: str, params: Message, id: str = "c@1", **metadata: Any) -> str:  # noqa: ANN401
    about = {"location": PLACE, "internal": False, "timeout": 3000} | metadata
    message = {"id": id, "guid": guid, "method": method, "params": params, "metadata": about}
    return json.dumps(message, separators=(",", ":"))


def opened() -> ClientWire:
    wire = ClientWire(steps=STEPS, selector_engines=[{"name": "ours", "source": "{}"}])
    for parent, type, guid in [
        ("", "Browser", "browser"),
        ("browser", "BrowserContext", "context"),
        ("context", "Frame", "frame"),
        ("context", "Page", "page"),
        ("frame", "ElementHandle", "handle"),
    ]:
        wire.from_server(create(parent, type, guid))
    wire.from_server('{"guid":"page","method":"__adopt__","params":{"guid":"frame"}}')
    return wire


def call(method: str, params: Message, guid: str = "frame") -> Call:
    text = request(guid, method, params)
    sent, found = opened().from_client(text)
    assert sent == text
    assert isinstance(found, Call)
    return found


def test_a_call_knows_its_context_its_page_and_its_line() -> None:
    found = call("click", {"selector": BUTTON})
    assert (found.kind, found.context, found.page) == ("Frame.click", "context", "page")
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("shop.spec.ts", 6)


@pytest.mark.parametrize(
    "text",
    [
        request("frame", "textContent", {"selector": BUTTON}),
        request("frame", "waitForSelector", {"selector": BUTTON}),
        request("frame", "click", {"selector": BUTTON}, internal=True),
        request("unknown", "click", {"selector": BUTTON}),
        request("frame", "textContent", {"selector": "x" * 100_000}),
        '{"id":"c@1","guid":"frame","method":"click","params":null,"metadata":{}}',
    ],
)
def test_everything_else_is_passed_on_as_it_is(text: str) -> None:
    assert opened().from_client(text) == (text, None)


@pytest.mark.parametrize(
    "text",
    [
        '{"id":"c@1","guid":"frame","method":"click","params":{}}',
        '{"id":"c@1","guid":"frame","method":"textContent","params":{"a":"%s"}}' % ("x" * 100_000),
        '{"id":"c@1","guid":"frame","method":"click","params":{},"metadata":[]}',
        '{"guid":"frame","method":"__abort__"}',
        '{"id":"c@1","guid":"frame","method":"click",',
        "[]",
        "null",
        "",
    ],
)
def test_what_would_end_the_browsers_of_everybody_is_refused(text: str) -> None:
    with pytest.raises(BrokenMessage, match=r"^jumpseat: this is no message of Playwright: it "):
        opened().from_client(text)


def test_an_abort_says_which_call_it_is_about() -> None:
    text = '{"guid":"frame","method":"__abort__","params":{"id":"c@1","reason":"enough"}}'
    assert opened().from_client(text) == (text, Abort("c@1", "enough"))
    nameless = text.replace('"id":"c@1",', "")
    assert opened().from_client(nameless) == (nameless, None)


def test_contexts_come_and_go_with_what_is_in_them() -> None:
    wire = opened()
    assert wire.from_server(create("browser", "BrowserContext", "second")) == ContextOpened("second")
    assert wire.from_server('{"guid":"context","method":"__dispose__","params":{}}') == ContextClosed("context")
    assert wire.from_client(request("frame", "click", {"selector": BUTTON}))[1] is None
    assert wire.from_client(request("handle", "click", {}))[1] is None
    assert wire.from_server('{"guid":"page","method":"__dispose__","params":{}}') is None


def test_only_answers_that_are_waited_for_are_read() -> None:
    wire = opened()
    text = '{"id":"c@1","error":{"error":{"message":"Timeout","name":"TimeoutError"}},"log":["  - waiting"]}'
    assert wire.from_server(text) is None
    wire.expect_answer("c@1")
    answer = wire.from_server(text)
    assert isinstance(answer, Answer)
    assert answer.error == "Timeout\n  - waiting"
    assert wire.from_server(text) is None


def test_a_context_gets_our_selector_engines_beside_its_own() -> None:
    own = [{"name": "theirs", "source": "{}"}]
    sent, found = opened().from_client(request("browser", "newContext", {"selectorEngines": own, "locale": "de"}))
    params = json.loads(sent)["params"]
    assert (found, params["locale"]) == (None, "de")
    assert [engine["name"] for engine in params["selectorEngines"]] == ["theirs", "ours"]


@pytest.mark.parametrize(
    ("method", "params", "line"),
    [
        ("click", {"selector": BUTTON}, "Click button 'Pay'"),
        ("click", {"selector": BUTTON, "button": "right"}, "Click button 'Pay'"),
        ("fill", {"selector": "#name", "value": "Ada"}, "Type 'Ada' into #name"),
        ("press", {"selector": "#name", "key": "Enter"}, "Press Enter in #name"),
        ("goto", {"url": "https://shop.example/"}, "Go to https://shop.example/"),
        ("selectOption", {"selector": "#size", "options": [{"valueOrLabel": "XL"}]}, "Select 'XL' in #size"),
        ("setInputFiles", {"selector": "#cv", "localPaths": ["/home/ada/cv.pdf"]}, "Upload 'cv.pdf' to #cv"),
        ("dragAndDrop", {"source": "#a", "target": "#b"}, "Drag #a to #b"),
        ("expect", {"selector": BUTTON, "expression": "to.be.visible"}, "Expect to see button 'Pay'"),
        (
            "expect",
            {"selector": BUTTON, "expression": "to.be.visible", "isNot": True},
            "Expect button 'Pay' not to be visible",
        ),
        (
            "expect",
            {"selector": "h1", "expression": "to.have.text", "expectedText": [{"string": "Hi"}]},
            "Expect h1 to say 'Hi'",
        ),
        ("expect", {"selector": "li", "expression": "to.have.count"}, "Expect li to have count"),
        ("expect", {"expression": "to.have.title"}, "Expect the page to have title"),
        ("tap", {"selector": BUTTON}, "Tap button 'Pay'"),
    ],
)
def test_a_call_is_one_line(method: str, params: Message, line: str) -> None:
    found = call(method, params)
    assert describe(found, to_action(found)) == line


def test_what_is_typed_is_hidden_where_it_must_be() -> None:
    found = call("fill", {"selector": "#pin", "value": "1234"})
    hidden = to_action(found, hidden=True)
    assert (hidden.value, describe(found, hidden)) == (HIDDEN, "Type into #pin")
    assert rewritten(found, hidden) == found.message
    moved = rewritten(found, hidden.model_copy(update={"selector": "#code"}))
    assert moved is not None
    assert moved["params"] == {"selector": "#code", "value": "1234"}


@pytest.mark.parametrize(
    ("method", "params", "instead", "wanted"),
    [
        ("click", {"selector": BUTTON, "strict": True}, {"type": "click", "selector": "#pay"}, {"selector": "#pay"}),
        ("fill", {"selector": "#a", "value": "x"}, {"type": "type", "selector": "#a", "value": "y"}, {"value": "y"}),
        ("press", {"selector": "#a", "key": "A"}, {"type": "press", "selector": "#a", "value": "B"}, {"key": "B"}),
        ("goto", {"url": "http://a/"}, {"type": "navigate", "value": "http://b/"}, {"url": "http://b/"}),
        (
            "expect",
            {
                "selector": "h1",
                "expression": "to.have.text",
                "expectedText": [{"string": "Hi", "matchSubstring": True}],
            },
            {"type": "expect_text", "selector": "h2", "value": "Ho"},
            {"selector": "h2", "expectedText": [{"string": "Ho", "matchSubstring": True}]},
        ),
    ],
)
def test_the_same_call_is_done_otherwise(method: str, params: Message, instead: Message, wanted: Message) -> None:
    found = call(method, params)
    message = rewritten(found, Action.model_validate(instead))
    assert message == {**found.message, "params": {**params, **wanted}}


def test_another_kind_of_action_is_not_the_call_s_own() -> None:
    assert rewritten(call("click", {"selector": BUTTON}), Action(type=ActionType.HOVER, selector=BUTTON)) is None
    assert rewritten(call("tap", {"selector": BUTTON}), Action(type=ActionType.CALL, value="Tap it")) is None


def test_a_call_that_was_not_done_is_answered_as_its_client_expects() -> None:
    assert done(call("click", {"selector": BUTTON})) == {"id": "c@1", "result": {}}
    assert done(call("expect", {"selector": "a", "expression": "x", "isNot": True}))["result"] == {"matches": False}
    assert done(call("selectOption", {"selector": "a", "options": []}))["result"] == {"values": []}


def test_a_launch_is_followed_as_far_as_it_names_no_program() -> None:
    options = {"args": ["--lang=de", "--renderer-cmd-prefix=xterm", "--no-sandbox"], "slowMo": 5, "env": {"A": "b"}}
    wish = LaunchWish.read({"x-playwright-browser": "firefox", "x-playwright-launch-options": json.dumps(options)})
    assert wish == LaunchWish("firefox", args=("--lang=de",), slow_mo=5.0)
    assert LaunchWish.read({"x-playwright-launch-options": "{"}) == LaunchWish("chromium")


@pytest.mark.parametrize(
    ("agent", "version", "language", "served"),
    [
        ("Playwright/1.65.1 (x64; debian 12) python/3.11", "1.65.1", "python", True),
        ("Playwright/1.65.0-beta-1 (arm64; macOS 15) node/24.1 CI/1", "1.65.0-beta-1", "node", True),
        ("Playwright/1.50.0 (x64; debian 12) java/21", "1.50.0", "java", False),
    ],
)
def test_a_client_says_its_version(agent: str, version: str, language: str | None, *, served: bool) -> None:
    found = ClientAgent.read({"User-Agent": agent})
    assert found is not None
    assert (found.client.version, found.client.name, found.is_served) == (version, language, served)
    assert ClientAgent.read({"User-Agent": "Mozilla/5.0"}) is None


@pytest.mark.parametrize(
    ("named", "taken"),
    [
        ({"endpoint": "ws://127.0.0.1:4/abc", "cdpPort": 5}, True),
        ({"endpoint": "ws://seat.example:4/abc", "cdpPort": 5}, False),
        ({"endpoint": "file:///etc/passwd", "cdpPort": 5}, False),
        ({"endpoint": "ws://127.0.0.1:4/abc", "cdpPort": 0}, False),
        ({"endpoint": "ws://127.0.0.1:4/abc"}, False),
        ([], False),
    ],
)
def test_a_browser_of_the_client_s_own_is_on_this_machine(named: object, *, taken: bool) -> None:
    found = ClientBrowser.read({"x-jumpseat-own-browser": json.dumps(named)})
    assert found == (ClientBrowser("ws://127.0.0.1:4/abc", 5) if taken else None)
