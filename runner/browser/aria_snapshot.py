"""Playwright's aria snapshots, parsed: YAML, one node on a line, indented by two."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(
    r"^(?P<indent> *)- (?P<quote>'?)(?P<role>[a-z]+)(?: \"(?P<name>(?:[^\"\\]|\\.)*)\")?"
    r"(?P<attributes>(?: \[[^\]]*\])*)"
)
_REF = re.compile(r"\[ref=(\w+)\]")


@dataclass(frozen=True, slots=True)
class Node:
    """One element of a snapshot."""

    depth: int
    role: str
    name: str
    """Empty where it has none."""
    ref: str | None
    """In ``ai`` mode: set where the element is visible and takes the pointer; valid until the next snapshot."""
    hidden: bool
    """The page hides it from assistive technology, and so from ``role=`` selectors."""


def nodes(snapshot: str) -> Iterator[Node]:
    """Yields the elements in document order; text and properties of elements are left out."""
    for line in snapshot.split("\n"):  # a name may hold what Python takes for other ends of lines
        found = _LINE.match(line)
        if found and found["role"] != "text":
            ref = _REF.search(found["attributes"])
            yield Node(
                depth=len(found["indent"]) // 2,
                role=found["role"],
                name=_unescape(found["name"] or "", quoted=bool(found["quote"])),
                ref=ref[1] if ref else None,
                hidden="[aria-hidden]" in found["attributes"],
            )


def role_and_name(snapshot: str) -> tuple[str | None, str | None]:
    """Returns those of the first node, or None; ``generic`` is no role."""
    first = next(nodes(snapshot), None)
    if first is None or first.depth or first.role == "generic":
        return None, None
    return first.role, first.name or None


def _unescape(name: str, *, quoted: bool) -> str:
    """Undoes YAML's single quotes around the whole key, then JSON's escapes within the name."""
    text = name.replace("''", "'") if quoted else name
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return re.sub(r"\\(.)", r"\1", text)
