"""A person's keys, as Playwright, CDP and recorded actions name them."""

from __future__ import annotations

import unicodedata
from typing import Any

from control.protocol.actions import Modifier
from control.protocol.commands import Input

MODIFIERS: tuple[Modifier, ...] = ("Alt", "Control", "Meta", "Shift")
_BITS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}
_PUNCTUATION = {
    "Space": 32,
    "Semicolon": 186,
    "Equal": 187,
    "Comma": 188,
    "Minus": 189,
    "Period": 190,
    "Slash": 191,
    "Backquote": 192,
    "BracketLeft": 219,
    "Backslash": 220,
    "BracketRight": 221,
    "Quote": 222,
}
_PUNCTUATION_CHARACTERS = dict(zip(_PUNCTUATION, " ;=,-./`[\\]'", strict=True))
_CLIPBOARD = frozenset("acvxzy")


_CHORD = frozenset({"Alt", "Control", "Meta"})
_SHIFTED = dict(zip("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', strict=True))
"""Of the American keyboard, by which Playwright names keys."""
_SCRIPTS = frozenset({"CYRILLIC", "HEBREW", "ARABIC", "ARMENIAN", "GEORGIAN", "DEVANAGARI", "THAI", "HANGUL"})
"""Scripts whose letters are on keys by themselves, and come with no modifier."""
_NAMED = frozenset(
    {"Escape", "Backspace", "Tab", "Enter", "Insert", "Delete", "Home", "End", "PageUp", "PageDown"}
    | {"ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "Pause", "PrintScreen", "CapsLock", "NumLock"}
    | {"ScrollLock", "ContextMenu", *(f"F{number}" for number in range(1, 13))}
)
"""Keys without a character that Playwright knows by ``KeyboardEvent.key``."""


def prints(command: Input) -> bool:
    """Returns whether the key makes a character."""
    return len(command.key) == 1


def types(command: Input) -> bool:
    """Returns whether the key writes its character.

    Option on a Mac and AltGr elsewhere, which comes as Control and Alt together, choose a character; with what the key
    has on its own they are a shortcut.
    """
    if not prints(command):
        return False
    chord = _CHORD & set(command.modifiers)
    return not chord or (chord in ({"Alt"}, {"Alt", "Control"}) and not _is_on_key(command))


def without_choosing(command: Input) -> Input:
    """Returns the input without modifiers that have only chosen its character."""
    if not types(command):
        return command
    return command.model_copy(update={"modifiers": tuple(each for each in command.modifiers if each not in _CHORD)})


def _is_on_key(command: Input) -> bool:
    """Returns whether the character is what the key has without Alt."""
    named = _on_american(command.code)
    plain = {named, _SHIFTED.get(named, named)} if named else set[str]()
    return command.key.lower() in plain or unicodedata.name(command.key, "").split(" ")[0] in _SCRIPTS


def _on_american(code: str) -> str:
    """Returns the character that the American keyboard has at this code; empty where it has none."""
    if code in _PUNCTUATION_CHARACTERS:
        return _PUNCTUATION_CHARACTERS[code]
    named = code.removeprefix("Key").removeprefix("Digit").lower()
    return named if len(named) == 1 else ""


def playwright_key(command: Input) -> str:
    """As Playwright calls it: for a key that is no character the code separates left from right, where there is one."""
    return command.key if prints(command) else command.code or command.key


def composes(command: Input) -> bool:
    """The key is a step on the way to a character, which comes as text of its own."""
    return command.key in {"Dead", "Process", "Compose", "AltGraph", "Unidentified"}


def key_event(command: Input, *, down: bool) -> dict[str, Any]:
    """Parameters of CDP ``Input.dispatchKeyEvent`` for a key that makes a character, on whatever keyboard layout."""
    text = command.key if types(command) else ""
    command = without_choosing(command)
    event: dict[str, Any] = {
        "type": ("keyDown" if text else "rawKeyDown") if down else "keyUp",
        "key": command.key,
        "code": command.code,
        "modifiers": sum(_BITS[modifier] for modifier in command.modifiers),
        "windowsVirtualKeyCode": _virtual_key(command),
        "autoRepeat": command.repeat,
    }
    if down and text:
        event |= {"text": text, "unmodifiedText": text}
    return event


def _virtual_key(command: Input) -> int:
    if command.code in _PUNCTUATION:
        return _PUNCTUATION[command.code]
    named = command.code.removeprefix("Key").removeprefix("Digit")
    letter = named if len(named) == 1 else command.key
    return ord(letter.upper()) if len(letter) == 1 and letter.isascii() and letter.isalnum() else 0


def pressed(command: Input) -> str | None:
    """Returns the chord as an action's value: ``Enter``, ``Control+Shift+k``; None where Playwright knows no such key.

    A letter of another script is named by its place on the keyboard, as browsers look shortcuts up.
    """
    command = without_choosing(command)
    key = _key_name(command)
    if key is None:
        return None
    held = [each for each in MODIFIERS if each in command.modifiers and each != command.key]
    if prints(command):
        held = [each for each in held if each != "Shift"] if len(held) == 1 else held
    return "+".join([*held, key])


def _key_name(command: Input) -> str | None:
    if not prints(command):
        return command.key if command.key in _NAMED or command.key in MODIFIERS else None
    if command.key.isascii():
        return "Space" if command.key == " " else command.key
    return _on_american(command.code) or None if _CHORD & set(command.modifiers) else None


def edits_only(command: Input) -> bool:
    """In a text field the key moves the caret or uses the clipboard: what comes of it is the field's text."""
    if prints(command):
        chord = {"Control", "Meta"} & set(command.modifiers)
        return types(command) or not chord or (_key_name(command) or "").lower() in _CLIPBOARD
    return command.key in {
        "ArrowLeft",
        "ArrowRight",
        "Home",
        "End",
        "PageUp",
        "PageDown",
        "Backspace",
        "Delete",
        "Dead",
    }
