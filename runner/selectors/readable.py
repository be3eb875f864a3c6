"""The rewriting of selectors from Playwright's code generator with the documented engines."""

from __future__ import annotations

import re

from runner.selectors.build import ENTER_FRAME, Precision, by_role, in_same_frame

_DOCUMENTED = (
    # What is typed into a row becomes a part of its name.
    (
        re.compile(r"internal:role=(row|rowheader|cell|gridcell|treeitem)\[name=(\"(?:[^\"\\]|\\.)*\")i\](?= >> )"),
        r"role=\1[name*=\2 i]",
    ),
    (re.compile(r"internal:role=(\w+)\[name=(\"(?:[^\"\\]|\\.)*\")[is]\]"), r"role=\1[name=\2]"),
    (re.compile(r"internal:role="), "role="),
    (re.compile(r"internal:(?:testid|attr)=\[([\w-]+)=(\"(?:[^\"\\]|\\.)*\")[is]\]"), r"[\1=\2]"),
    (re.compile(r"internal:text=(\"(?:[^\"\\]|\\.)*\")s"), r"text=\1"),
    (re.compile(r"internal:text=\"((?:[^\"\\/>])*)\"i"), r"text=\1"),
)


def to_readable(generated: str) -> str:
    """Returns the selector with documented engines as far as they go; it may find something else: check that."""
    for pattern, replacement in _DOCUMENTED:
        generated = pattern.sub(replacement, generated)
    return generated


def is_readable(selector: str) -> bool:
    """Returns whether all engines in it are documented, but for the one that enters a frame."""
    return "internal:" not in selector.replace(ENTER_FRAME, "")


def finds_by_text(generated: str) -> bool:
    """Returns whether the generator has named the element by the text in it."""
    return "internal:text" in generated


def role_in_same_frame(generated: str, role: str, name: str) -> str:
    """Returns the selector of a role and a name in the frame that the generated selector enters."""
    return in_same_frame(generated, by_role(role, name, Precision.EXACT))
