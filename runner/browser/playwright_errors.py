"""The reading of Playwright's errors: what each means, and one sentence about it for a person."""

from __future__ import annotations

import re

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator

from runner.browser.aria_snapshot import role_and_name
from runner.selectors.build import alternatives
from runner.selectors.describe import plain_selector, shorten

_COVERED = re.compile(r"(<.*>) (?:from .* subtree )?intercepts pointer events")
_STRICT = re.compile(r"resolved to (\d+) elements")
_CLICKED = re.compile(r"- performing [\w ]+ action\s*$")
_DISPATCHED = re.compile(
    r"- (performing [\w ]+ action\b|elementHandle\.(?:press|type)\(|fill\(\"|attempting select option action)"
)
_CODE = re.compile(r"\b(?:NS_)?ERR(?:OR)?_([A-Z0-9_]+)")
_STATES = {
    "element is not visible": "is not visible",
    "element is not enabled": "is disabled",
    "element is not editable": "is read-only",
    "element is not stable": "does not stop moving",
    "element is outside of the viewport": "cannot be brought into view",
    "element was detached from the DOM": "keeps being replaced by the page",
}
_NETWORK = {
    "ERR_CONNECTION_REFUSED": "nothing answers there; is the server running?",
    "NS_ERROR_CONNECTION_REFUSED": "nothing answers there; is the server running?",
    "Could not connect to server": "nothing answers there; is the server running?",
    "ERR_NAME_NOT_RESOLVED": "no such host is known",
    "NS_ERROR_UNKNOWN_HOST": "no such host is known",
    "ERR_INTERNET_DISCONNECTED": "this machine has no network",
    "ERR_ADDRESS_UNREACHABLE": "its network cannot be reached",
    "ERR_CONNECTION_RESET": "the connection was cut",
    "ERR_EMPTY_RESPONSE": "the server closed the connection without an answer",
    "ERR_TOO_MANY_REDIRECTS": "it redirects in a circle",
    "ERR_CONNECTION_CLOSED": "the server closed the connection without an answer",
    "ERR_CONNECTION_ABORTED": "the connection was cut",
    "ERR_CONNECTION_TIMED_OUT": "nothing answers there in time; is the server running?",
    "ERR_TIMED_OUT": "nothing answers there in time; is the server running?",
    "ERR_NETWORK_CHANGED": "this machine's network changed meanwhile; try again",
    "ERR_PROXY": "the proxy that leads to it does not answer",
    "ERR_TUNNEL_CONNECTION_FAILED": "the proxy that leads to it did not let it through",
    "ERR_INVALID_AUTH_CREDENTIALS": "the server does not accept the user name and password in the address",
    "ERR_UNEXPECTED_PROXY_AUTH": "the server asks for the password of a proxy where there is none",
    "ERR_TOO_MANY_RETRIES": "the server asks for a user name and password again and again",
    "ERR_HTTP_RESPONSE_CODE_FAILURE": "the server answered with an error and without a page",
    "ERR_INVALID_HTTP_RESPONSE": "what answers there is no web server",
    "ERR_INVALID_RESPONSE": "the server's answer cannot be read",
    "ERR_RESPONSE_HEADERS": "the server's answer cannot be read",
    "ERR_CONTENT_": "the server's answer cannot be read to its end",
    "ERR_INCOMPLETE_CHUNKED_ENCODING": "the server's answer ended too early",
    "ERR_HTTP2": "the server's answer cannot be read",
    "ERR_QUIC": "the server's answer cannot be read",
    "ERR_INVALID_REDIRECT": "it redirects to an address that cannot be opened",
    "ERR_UNSAFE_REDIRECT": "it redirects to an address that cannot be opened",
    "ERR_INVALID_URL": "it is no address that can be opened",
    "ERR_UNKNOWN_URL_SCHEME": "it is no address that can be opened",
    "ERR_BLOCKED_BY": "the browser does not allow it here",
    "ERR_ACCESS_DENIED": "the browser does not allow it here",
    "ERR_BAD_SSL_CLIENT_AUTH_CERT": "the server asks for a certificate that this browser has not",
    "ERR_CERT": "its certificate is not trusted",
    "ERR_SSL": "no secure connection could be made",
    "ERR_UNSAFE_PORT": "browsers refuse that port",
    "interrupted by another navigation": "another page took its place",
    "Cannot navigate to invalid URL": "it is no address that can be opened",
    "ERR_FILE_NOT_FOUND": "there is no such file",
    "Page crashed": "the page has crashed",
    "Download is starting": "it is a file to download, and no page; to download it, click the link to it",
    "ERR_ABORTED": "the page did not load: it is a download, or another page took its place",
}


_IN_WORDS = {
    "Execution context was destroyed": "the page went away meanwhile",
    "Cannot find context": "the page went away meanwhile",
    "Object reference chain is too long": "what it holds is too large to be read",
    "JSHandle is disposed": "the page went away meanwhile",
    "Target page, context or browser has been closed": "the page was closed meanwhile",
    "Target closed": "the page was closed meanwhile",
    "Page closed": "the page was closed meanwhile",
    "interrupted by another navigation": "another page took its place",
    "Element is outside of the viewport": "it cannot be brought into view",
    "Element is not visible": "it is not visible",
    "strict mode violation": "several elements are meant",
    "Target crashed": "the page has crashed",
    "Frame was detached": "the part of the page that it was in has gone",
    "Element is not attached to the DOM": "the page has replaced it meanwhile",
    "Node is not an HTMLInputElement": "it takes no files",
    "Node is not an Element": "it is text alone, which nothing can be done to",
    "Element is not an <input>, <textarea>": "nothing can be typed into it",
    "Element is not a <select>": "it is no list to choose from",
    "Not a checkbox or radio button": "it is no box to check",
}
"""What Playwright says in a programmer's words, and how it is said to everybody."""


def first_line(error: PlaywrightError) -> str:
    """Returns what happened, without the call's name and the log, in words for people where there are some."""
    line = error.message.strip().splitlines()[0]
    if words := next((words for sign, words in _IN_WORDS.items() if sign in line), None):
        return words
    if "net::" in line or "NS_ERROR_" in line:
        return next((words for sign, words in _NETWORK.items() if sign in line), _said(line))
    if waited := re.search(r"Timeout ([\d.]+)ms exceeded", line):
        return f"the page did not do it within {float(waited[1]) / 1000:g} s"
    if protocol := re.search(r"Protocol error \([\w.]+\): (.*)", line):
        return f'the browser says "{protocol[1].rstrip(".")}"'
    return re.sub(r"^(Error: )?[A-Z]\w+\.\w+: ", "", line).removeprefix("Error: ")


def selector_in_sentence(selector: str) -> str:
    """Returns a selector as a sentence bears it: of one that finds its element by several ways, the first."""
    first, *others = alternatives(selector)
    return shorten(plain_selector(first)) + (" or the like" if others else "")


def is_closed(error: PlaywrightError) -> bool:
    """Returns whether the page, the browser or Playwright itself has gone."""
    return "has been closed" in error.message or "Connection closed" in error.message


def was_clicked(error: PlaywrightError) -> bool:
    """Returns whether the click has been made, and only the page's answer is missing."""
    return _CLICKED.search(error.message) is not None


def was_dispatched(error: PlaywrightError) -> bool:
    """Returns whether the element got the click, the key or the value, whatever came of it."""
    return _DISPATCHED.search(error.message) is not None


def match_count(error: PlaywrightError) -> int | None:
    """Returns how many elements matched where there should have been one; None for any other error."""
    found = _STRICT.search(error.message) if "strict mode violation" in error.message else None
    return int(found[1]) if found else None


def is_bad_selector(error: PlaywrightError) -> bool:
    """Returns whether the selector itself cannot be read: no wait will help."""
    signs = ("Unexpected token", "is not a valid selector", "Unknown engine", "while parsing", "Malformed", "must be")
    return any(sign in error.message for sign in signs)


def unusable_state(error: PlaywrightError) -> str | None:
    """Returns why an element that is there could not be used: ``is disabled``, ``is covered by <div>``."""
    covered = _COVERED.findall(error.message)
    if covered:
        return f"is covered by {shorten(covered[-1])}"
    seen = [(error.message.rfind(sign), words) for sign, words in _STATES.items()]
    position, words = max(seen)
    return words if position >= 0 else None


def load_failure(url: str, error: PlaywrightError, after: str) -> str:
    """Returns why an address could not be loaded."""
    if "Timeout" in error.message:
        return f"{url} did not load within {after}"
    reason = next((words for sign, words in _NETWORK.items() if sign in error.message), _unknown_reason(error))
    return f"{url} cannot be loaded: {reason}"


def _unknown_reason(error: PlaywrightError) -> str:
    """Returns the words of a code that has none of ours: ``the browser says "cache miss"`` for ``ERR_CACHE_MISS``."""
    return _said(error.message) if _CODE.search(error.message) else first_line(error)


def _said(message: str) -> str:
    code = _CODE.search(message)
    return f'the browser says "{code[1].replace("_", " ").lower()}"' if code else "the browser cannot open it"


def failure(selector: str, error: PlaywrightError) -> str:
    """Returns why no wait would have helped."""
    if is_bad_selector(error):
        return f"The selector {selector_in_sentence(selector)} cannot be read: {first_line(error)}"
    if "Unknown key" in error.message:
        return key_failure(error.message.partition('"')[2].partition('"')[0], error)
    return f"{selector_in_sentence(selector)}: {first_line(error)}"


def key_failure(key: str, error: PlaywrightError) -> str:
    """Returns why a key could not be pressed."""
    if "Unknown key" in error.message:
        return f"'{key}' is no key: use names such as Enter, Tab, ArrowDown, Control+a"
    return f"The key '{key}' cannot be pressed: {first_line(error)}"


async def describe_element(locator: Locator, selector: str) -> str:
    """Returns the element as a person would call it: ``The button 'Pay'``; its selector where it has no name."""
    try:
        snapshot = await locator.first.aria_snapshot(timeout=500)
    except PlaywrightError:
        return f"The element {selector_in_sentence(selector)}"
    role, name = role_and_name(snapshot)
    return f"The {role} '{name}'" if role and name else f"The element {selector_in_sentence(selector)}"
