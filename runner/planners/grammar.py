"""The grammar of plain-language sentences, which ``docs/plain-language.md`` describes; it never looks at a page."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from control.protocol.actions import TO_THE_END, ActionType
from runner.planners.intents import ORDINALS, QUOTED, Intent, Unclear, is_place, key, ordinal, thing
from runner.planners.sentence_splitter import VERBS, Sentence, split

_LEAD: Final = re.compile(
    rf"(?:(?:given|when|then|and|but|next|now|finally|first|afterwards|also)\b[,:]?\s+)*"
    rf"(?:(?:i|we|you|the user)\s+(?:(?:should|can|must|will|want to|need to)\s+)?|please\s+)*"
    rf"(?=(?:{VERBS}|back|forward)\b)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"(?:https?:|about:|data:|[/.?#])\S*|\{\{[^{}]*\}\}\S*|localhost\S*|[^\s/]+\.\S+")
_LONGEST: Final = 500
"""Characters outside quotes; matching takes time with their square."""
_MS: Final = {"m": 1.0, "s": 1000.0, "M": 60_000.0}


class UnknownSentence(ValueError):
    """Raised for a sentence that no rule fits; the message quotes it and shows similar sentences that fit."""

    def __init__(self, sentence: Sentence, examples: list[str], hint: str = "") -> None:
        near = " or ".join(f"{example!r}" if "'" not in example else f'"{example}"' for example in examples)
        shown = sentence.text if len(sentence.text) <= 200 else f"{sentence.text[:199]}…"
        super().__init__(f'I do not understand "{shown}" (line {sentence.line}). {hint}Write, for example, {near}.')
        self.sentence = sentence
        self.examples = examples


Groups = dict[str, str]
Build = Callable[[Sentence, Groups], Intent | None]


@dataclass(frozen=True, slots=True)
class _Rule:
    example: str
    pattern: re.Pattern[str]
    build: Build = field(repr=False)


def parse(sentence: Sentence) -> Intent:
    """Returns what the sentence asks for. Raises UnknownSentence."""
    said = _LEAD.sub("", sentence.masked.replace("’", "'"), count=1)
    try:
        if len(said) > _LONGEST:
            raise Unclear(f"It is longer than {_LONGEST} characters.")
        for rule in _RULES:
            match = rule.pattern.fullmatch(said)
            groups = {name: text or "" for name, text in match.groupdict().items()} if match else {}
            intent = rule.build(sentence, groups) if match else None
            if intent is not None:
                return intent
    except Unclear as unclear:
        raise UnknownSentence(sentence, _near(said), f"{unclear} ") from None
    raise UnknownSentence(sentence, _near(said))


def read(instructions: str) -> list[Intent]:
    """Returns what each sentence asks for. Raises UnknownSentence or UnclosedQuote for the first that is wrong."""
    return [parse(sentence) for sentence in split(instructions)]


def _near(said: str) -> list[str]:
    """Returns examples that begin like the sentence, the most similar first."""
    words = said.lower().split()
    examples = [rule.example for rule in _RULES]
    verbs = {example.split()[0].lower() for example in examples}
    near = difflib.get_close_matches(words[0] if words else "", verbs, n=2, cutoff=0.6)
    same = [example for example in examples if example.split()[0].lower() in near]
    start = said[:100].lower()
    same.sort(key=lambda example: -difflib.SequenceMatcher(None, example.lower(), start).ratio())
    return same[:2] or ["Click 'Checkout'", "Type 'Ada' into 'Name'", "Expect to see 'Thank you'"]


# What the rules make of them


def _pointer(kind: ActionType) -> Build:
    return lambda sentence, got: Intent(kind, thing(sentence, got["thing"]))


def _right_click(sentence: Sentence, got: Groups) -> Intent:
    return Intent(ActionType.CLICK, thing(sentence, got["thing"]), button="right")


def _bare(kind: ActionType) -> Build:
    return lambda _sentence, _got: Intent(kind)


def _with_value(kind: ActionType) -> Build:
    def build(sentence: Sentence, got: Groups) -> Intent | None:
        if kind is ActionType.SELECT and is_place(got["thing"]):
            return None
        if sentence.whole(got["value"]) is None and re.search(r"\s(?:into|in|to|with|from|as)\s", got["thing"]):
            raise Unclear("Put the value and the name into quotes.")
        return Intent(kind, thing(sentence, got["thing"]), sentence.plain(got["value"]))

    return build


def _press(sentence: Sentence, got: Groups) -> Intent | None:
    said = got["key"]
    part = sentence.whole(said)
    name = key(sentence.plain(said))
    if name is None or (part and len(part.text) == 1 and not got.get("word")):
        return None
    where = thing(sentence, got["thing"]) if got.get("thing") else None
    return Intent(ActionType.PRESS, where, name)


def _go(sentence: Sentence, got: Groups) -> Intent:
    url = _address(sentence, got["url"])
    if url is None:
        raise Unclear("An address looks like /cart or https://example.com/; to follow a link, click it.")
    return Intent(ActionType.NAVIGATE, value=url)


def _open(sentence: Sentence, got: Groups) -> Intent | None:
    """``Open /cart`` goes there, ``Open 'Menu'`` is a click."""
    url = _address(sentence, got["url"])
    return Intent(ActionType.NAVIGATE, value=url) if url else None


def _address(sentence: Sentence, masked: str) -> str | None:
    url = sentence.plain(masked).strip()
    return url if _ADDRESS.fullmatch(url) else None


def _expect_url(sentence: Sentence, got: Groups) -> Intent:
    contains = not re.fullmatch(r"(?:to be|to equal|is|equals|be|=)", got["how"].lower())
    return Intent(ActionType.EXPECT_URL, value=sentence.plain(got["url"]).strip(), contains=contains)


def _expect_download(sentence: Sentence, got: Groups) -> Intent:
    return Intent(ActionType.EXPECT_DOWNLOAD, value=sentence.plain(got.get("name") or "*").strip() or "*")


def _new_tab(sentence: Sentence, got: Groups) -> Intent | None:
    url = _address(sentence, got["url"]) if got.get("url") else ""
    return None if url is None else Intent(ActionType.NEW_TAB, value=url or None)


def _expect_gone(kind: ActionType) -> Build:
    return lambda sentence, got: Intent(kind, thing(sentence, got["thing"]), gone=True)


def _wait(_sentence: Sentence, got: Groups) -> Intent:
    unit = got["unit"]
    scale = _MS["M"] if unit.lower().startswith("min") else _MS["m"] if unit.lower().startswith("m") else _MS["s"]
    number = got["number"]
    return Intent(ActionType.WAIT, value=round((float(number) if number[0].isdigit() else 1.0) * scale))


def _scroll(_sentence: Sentence, got: Groups) -> Intent:
    up = got["way"].lower() in {"up", "top", "beginning", "start"}
    if got.get("number"):
        return Intent(ActionType.SCROLL, value=float(got["number"]) * (-1 if up else 1))
    if got.get("end"):
        return Intent(ActionType.SCROLL, value=-TO_THE_END if up else TO_THE_END)
    return Intent(ActionType.SCROLL, up=up)


def _tab(kind: ActionType) -> Build:
    """People count tabs from 1, actions from 0."""

    def build(_sentence: Sentence, got: Groups) -> Intent:
        word = (got["number"] or got["which"]).lower()
        index = ordinal(word) if not word.isdigit() else int(word) - 1
        if index is None or index < 0:
            raise Unclear("Tabs are counted from 1.")
        return Intent(kind, value=index)

    return build


def _drag(sentence: Sentence, got: Groups) -> Intent:
    return Intent(ActionType.DRAG, thing(sentence, got["thing"]), target=thing(sentence, got["dest"]))


def _clear(sentence: Sentence, got: Groups) -> Intent:
    return Intent(ActionType.TYPE, thing(sentence, got["thing"]), "")


def _rule(example: str, pattern: str, build: Build) -> _Rule:
    return _Rule(example, re.compile(pattern, re.IGNORECASE | re.DOTALL), build)


_T: Final = r"(?P<thing>.+?)"
_V: Final = rf"(?P<value>{QUOTED}|.+?)"
_SEE: Final = r"(?:expect|verify|assert|confirm|ensure|make sure|check)(?: that)?"
_SHOWN: Final = r"(?:visible|displayed|shown|present|there|on the page|on screen)"
_IS_SHOWN: Final = rf"(?:(?:is|are|to be|be) {_SHOWN}|appears?|to appear|exists?|to exist|can be seen)"
_IS_GONE: Final = (
    rf"(?:(?:is|are) (?:not {_SHOWN}|gone|hidden)|to (?:not be|be not|be no longer) {_SHOWN}|not to be {_SHOWN}|"
    r"to (?:be gone|be hidden|disappear|vanish|go away)|disappears?|vanishes|goes away|does not (?:appear|exist))"
)
_READS: Final = (
    r"(?:to (?:contain|have|show|read|say|be)(?: the)?(?: text| value)?|"
    r"contains|shows|has(?: the)?(?: text| value)|reads|says)"
)
_FILE: Final = rf"(?P<name>{QUOTED}|[^\s\x00]+)"
_COUNT: Final = rf"\d+(?:st|nd|rd|th)?|{'|'.join(ORDINALS)}"
_TAB: Final = rf"(?:tab (?:number )?(?P<number>{_COUNT})|(?P<which>{_COUNT}) tab)"

_RULES: Final = (
    _rule("Go back", r"(?:go |navigate )?back(?: one page)?|return to the previous page", _bare(ActionType.BACK)),
    _rule("Go forward", r"(?:go |navigate )?forward(?: one page)?", _bare(ActionType.FORWARD)),
    _rule("Reload", r"(?:reload|refresh)(?: the)?(?: page)?", _bare(ActionType.RELOAD)),
    _rule(
        "Switch to tab 2",
        rf"(?:switch|go|change) to (?:the )?{_TAB}",
        _tab(ActionType.SWITCH_TAB),
    ),
    _rule(
        "Close tab 2",
        rf"close (?:the )?{_TAB}",
        _tab(ActionType.CLOSE_TAB),
    ),
    _rule(
        "Open /cart in a new tab",
        r"open (?:(?:the )?(?:page |url |address |site )?(?P<url>.+) in )?a (?:new|further|second) (?:browser )?tab",
        _new_tab,
    ),
    _rule(
        "Go to /cart",
        r"(?:go to|navigate to|browse to|visit|load) (?:the )?(?:page |url |address |site )?(?P<url>.+)",
        _go,
    ),
    _rule("Open https://example.com/", r"open (?:the )?(?:page |url |address |site )?(?P<url>.+)", _open),
    _rule("Double-click 'Row 1'", rf"double[- ]?click(?: on)? {_T}", _pointer(ActionType.DOUBLE_CLICK)),
    _rule("Right-click 'Row 1'", rf"(?:right|context)[- ]?click(?: on)? {_T}", _right_click),
    _rule("Press Enter", r"(?:press|hit)(?: the)? (?:key )?(?P<key>\S.*?)(?P<word> key)?", _press),
    _rule(
        "Press Enter in 'Search'",
        rf"(?:press|hit)(?: the)? (?:key )?(?P<key>{QUOTED}|\S+?)(?P<word> key)? (?:in|into|on) {_T}",
        _press,
    ),
    _rule("Clear 'Name'", rf"clear {_T}", _clear),
    _rule("Fill in 'Name' with 'Ada'", rf"fill(?: in| out)? {_T} with {_V}", _with_value(ActionType.TYPE)),
    _rule("Set 'Name' to 'Ada'", rf"set {_T} to {_V}", _with_value(ActionType.TYPE)),
    _rule(
        "Type 'Ada' into 'Name'",
        rf"(?:type|enter|write|input|insert|fill(?: in)?) {_V} (?:into|in|to) {_T}",
        _with_value(ActionType.TYPE),
    ),
    _rule(
        "Upload 'cv.pdf' to 'Resume'",
        rf"(?:upload|attach)(?: the file)? {_V} (?:to|into|in|as) {_T}",
        _with_value(ActionType.UPLOAD),
    ),
    _rule(
        "Select 'Express' in 'Delivery'",
        rf"(?:select|choose|pick) {_V} (?:in|from|for|as) {_T}",
        _with_value(ActionType.SELECT),
    ),
    _rule("Drag 'Card' to 'Done'", r"drag (?P<thing>.+?) (?:on ?to|into|to|over) (?P<dest>.+)", _drag),
    _rule("Hover over 'Menu'", rf"(?:hover|move)(?: over| on)? {_T}", _pointer(ActionType.HOVER)),
    _rule(
        "Scroll down 300 pixels",
        r"scroll (?P<way>down|up)(?:(?: by)? (?P<number>\d+(?:\.\d+)?) ?(?:px|pixels?))?(?: the page)?",
        _scroll,
    ),
    _rule(
        "Scroll to the bottom",
        r"scroll (?:(?:up|down) )?to (?:the )?(?P<way>top|bottom|end|beginning|start)(?P<end> of the page|(?=$))",
        lambda sentence, got: _scroll(sentence, {**got, "end": "yes"}),
    ),
    _rule(
        "Scroll to 'Reviews'",
        rf"scroll (?:(?:up|down) )?(?:to|until) {_T}(?: (?:into view|{_IS_SHOWN}))?",
        _pointer(ActionType.SCROLL),
    ),
    _rule(
        "Wait 2 seconds",
        r"wait (?:for )?(?P<number>\d+(?:\.\d+)?|an?|one) ?(?P<unit>milliseconds?|ms|seconds?|secs?|s|minutes?|mins?)",
        _wait,
    ),
    _rule(
        "Wait for 'Loading' to disappear", rf"wait (?:for|until|till) {_T} {_IS_GONE}", _expect_gone(ActionType.WAIT)
    ),
    _rule("Wait for 'Thank you'", rf"wait (?:for|until|till) {_T}(?: {_IS_SHOWN})?", _pointer(ActionType.WAIT)),
    _rule(
        "Expect URL to contain /thanks",
        rf"{_SEE} (?:the )?(?:page )?(?:url|address|location) "
        r"(?P<how>to be|to equal|to contain|to include|to match|is|equals|contains|includes) (?P<url>.+)",
        _expect_url,
    ),
    _rule(
        "Expect a download of 'report.pdf'",
        rf"{_SEE} (?:a|the) (?:file )?download(?: (?:of|named|called))?(?: (?:the )?(?:file )?{_FILE})?",
        _expect_download,
    ),
    _rule(
        "Expect 'report.pdf' to be downloaded",
        rf"{_SEE} (?:(?:the |a )?file )?{_FILE} (?:to be|is|was|has been|gets) downloaded",
        _expect_download,
    ),
    _rule(
        "Expect not to see 'Error'",
        rf"(?:{_SEE} (?:not to see|to not see|no) |(?:do not|don't|should not|shouldn't) see ){_T}",
        _expect_gone(ActionType.EXPECT_VISIBLE),
    ),
    _rule("Expect 'Error' to be gone", rf"{_SEE} {_T} {_IS_GONE}", _expect_gone(ActionType.EXPECT_VISIBLE)),
    _rule(
        "Expect to see 'Thank you'",
        rf"(?:{_SEE} (?:(?:to|i|you|we) (?:can )?see|(?:to find )?(?:the )?page (?:to )?(?:contains?|shows?|has)) |"
        rf"(?:should )?see |look for |expect (?=\x00\d+\x00$)){_T}(?: {_IS_SHOWN})?",
        _pointer(ActionType.EXPECT_VISIBLE),
    ),
    _rule("Expect 'Thank you' to be visible", rf"{_SEE} {_T} {_IS_SHOWN}", _pointer(ActionType.EXPECT_VISIBLE)),
    _rule(
        "Expect 'Total' to contain '42'",
        rf"{_SEE} {_T} {_READS} {_V}",
        _with_value(ActionType.EXPECT_TEXT),
    ),
    _rule(
        "Verify 'Thank you'",
        rf"(?:verify|assert|confirm|ensure|make sure)(?: that)? (?P<thing>{QUOTED})",
        _pointer(ActionType.EXPECT_VISIBLE),
    ),
    _rule("Uncheck 'Newsletter'", rf"(?:uncheck|untick|unmark|clear the checkbox) {_T}", _pointer(ActionType.UNCHECK)),
    _rule("Check 'I agree'", rf"(?:check|tick|mark) {_T}", _pointer(ActionType.CHECK)),
    _rule(
        "Click 'Checkout'",
        rf"(?:click|press|tap|push|hit|activate|submit|select|choose|pick|open|toggle|close)(?: on)? {_T}",
        _pointer(ActionType.CLICK),
    ),
)
