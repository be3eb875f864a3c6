"""A person's keys, as Playwright, CDP and recorded actions name them."""

from __future__ import annotations

from typing import Any

from control.protocol.commands import Input, Modifier

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
_CLIPBOARD = frozenset("acvxzy")


def prints(command: Input) -> bool:
    """The key makes a character."""
    return len(command.key) == 1


def playwright_key(command: Input) -> str:
    """As Playwright calls it: for a key that is no character the code separates left from right, where there is one."""
    return command.key if prints(command) else command.code or command.key


def composes(command: Input) -> bool:
    """The key is a step on the way to a character, which comes as text of its own."""
    return command.key in {"Dead", "Process", "Compose", "AltGraph", "Unidentified"}


def key_event(command: Input, *, down: bool) -> dict[str, Any]:
    """Parameters of CDP ``Input.dispatchKeyEvent`` for a key that makes a character, on whatever keyboard layout."""
    chord = {"Alt", "Control", "Meta"} & set(command.modifiers)
    # AltGr comes as Control and Alt together, and makes a character.
    text = command.key if not chord or chord == {"Alt", "Control"} else ""
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


def pressed(command: Input) -> str:
    """The chord as an action's value: ``Enter``, ``Control+Shift+k``, ``Shift+Tab``."""
    key = "Space" if command.key == " " else command.key
    held = [each for each in MODIFIERS if each in command.modifiers and each != command.key]
    if prints(command):
        held = [each for each in held if each != "Shift"] if len(held) == 1 else held
    return "+".join([*held, key])


def edits_only(command: Input) -> bool:
    """In a text field the key moves the caret or uses the clipboard: what comes of it is the field's text."""
    if prints(command):
        chord = {"Control", "Meta"} & set(command.modifiers)
        return not chord or command.key.lower() in _CLIPBOARD
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
