"""Reads Playwright's aria snapshots: YAML, one node on a line, indented by two."""

from __future__ import annotations

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
    """The elements in document order; text and properties of elements are left out."""
    for line in snapshot.splitlines():
        found = _LINE.match(line)
        if found and found["role"] != "text":
            ref = _REF.search(found["attributes"])
            yield Node(
                depth=len(found["indent"]) // 2,
                role=found["role"],
                name=_plain(found["name"] or "", quoted=bool(found["quote"])),
                ref=ref[1] if ref else None,
                hidden="[aria-hidden]" in found["attributes"],
            )


def role_and_name(snapshot: str) -> tuple[str | None, str | None]:
    """Of the first node; ``generic`` is no role."""
    first = next(nodes(snapshot), None)
    if first is None or first.depth or first.role == "generic":
        return None, None
    return first.role, first.name or None


def by_role(role: str, name: str) -> str:
    """The selector for all elements of exactly this role and name."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'role={role}[name="{escaped}"]'


def _plain(name: str, *, quoted: bool) -> str:
    """Undoes YAML's single quotes around the whole key, then JSON's escapes within the name."""
    text = name.replace("''", "'") if quoted else name
    return re.sub(r"\\(.)", r"\1", text)
