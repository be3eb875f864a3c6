"""Offers and fragments with mistakes in them, from those that real peers have made."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

Mutation = Callable[[random.Random, list[str]], None]
"""Changes the lines in place."""

_NUMBERS = ("0", "-1", "128", "256", "65535", "65536", "99999", "4294967296", "1" + "0" * 400, "1e9", "0x10", "\u0661")
_HOSTS = (
    "0.0.0.0",
    "127.0.0.1",
    "::1",
    "::",
    "127.1",
    "256.1.1.1",
    "a.local",
    "-",
    "[::1]",
    "127.0.0.1%lo",
    "fe80::1%1",
)
_ATTRIBUTES = (
    "",
    "a",
    "a=",
    "a=:",
    "=",
    "m=",
    "v=1",
    "a=\0",
    "\u2028",
    "a=candidate:",
    "a=rtpmap:",
    "a=fmtp:96",
    "a=mid:",
)
_DIRECTIONS = ("a=sendonly", "a=inactive", "a=sendrecv", "a=recvonly")
_LONG = "x" * 2000


def corpus() -> list[str]:
    """Chromium's, with its candidates moved to loopback."""
    return [path.read_text().replace("\n", "\r\n") for path in sorted((Path(__file__).parent / "corpus").glob("*.sdp"))]


def mutant(luck: random.Random, sdp: str) -> str:
    """The description with one to six mistakes."""
    lines = sdp.split("\r\n")
    for _ in range(luck.choice((1, 1, 1, 2, 3, 6))):
        luck.choice(MUTATIONS)(luck, lines)
        lines = lines or [""]
    return luck.choice(("\r\n", "\r\n", "\r\n", "\n")).join(lines)


def _delete(luck: random.Random, lines: list[str]) -> None:
    del lines[luck.randrange(len(lines))]


def _delete_many(luck: random.Random, lines: list[str]) -> None:
    start = luck.randrange(len(lines))
    del lines[start : start + luck.randrange(1, 40)]


def _duplicate(luck: random.Random, lines: list[str]) -> None:
    lines.insert(luck.randrange(len(lines)), luck.choice(lines))


def _swap(luck: random.Random, lines: list[str]) -> None:
    one, other = luck.randrange(len(lines)), luck.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _flip(luck: random.Random, lines: list[str]) -> None:
    at = luck.randrange(len(lines))
    data = bytearray(lines[at].encode())
    if data:
        data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
    lines[at] = data.decode("utf-8", "replace")


def _number(luck: random.Random, lines: list[str]) -> None:
    at = luck.randrange(len(lines))
    words = lines[at].replace(":", " : ").split(" ")
    numbers = [index for index, word in enumerate(words) if word.isdigit()]
    if numbers:
        words[luck.choice(numbers)] = luck.choice(_NUMBERS)
    lines[at] = " ".join(words).replace(" : ", ":")


def _payload_type(luck: random.Random, lines: list[str]) -> None:
    """Everywhere at once, so that what is said stays in step."""
    old, new = luck.choice(("96", "97", "98", "103", "104")), luck.choice(_NUMBERS)
    for at, line in enumerate(lines):
        lines[at] = (
            line.replace(f":{old} ", f":{new} ").replace(f" {old} ", f" {new} ").replace(f"apt={old}", f"apt={new}")
        )


def _candidate(luck: random.Random, lines: list[str]) -> None:
    kind = luck.choice(("host", "srflx raddr 1 rport 2", "relay", "nothing", "host tcptype passive"))
    numbers = [luck.choice((*_NUMBERS, "1", "9")) for _ in range(3)]
    transport = luck.choice(("udp", "tcp", "UDP", "sctp", ""))
    line = f"a=candidate:{numbers[0]} 1 {transport} {numbers[1]} {luck.choice(_HOSTS)} {numbers[2]} typ {kind}"
    lines.insert(luck.randrange(len(lines)), line)


def _many_candidates(luck: random.Random, lines: list[str]) -> None:
    at = luck.randrange(len(lines))
    port = luck.randrange(1024, 60_000)
    lines[at:at] = [f"a=candidate:{n} 1 udp {n} 127.0.0.1 {port + n} typ host" for n in range(luck.choice((20, 300)))]


def _sections(luck: random.Random, lines: list[str]) -> None:
    starts = [at for at, line in enumerate(lines) if line.startswith("m=")]
    if not starts:
        return
    section = lines[starts[-1] :]
    kind = luck.choice(("audio", "video", "application", "text", "\u00e9"))
    for number in range(luck.choice((1, 3, 30))):
        renamed = [f"a=mid:{number + 7}" if line.startswith("a=mid:") else line for line in section]
        lines += [line.replace("m=application", f"m={kind}").replace("m=audio", f"m={kind}") for line in renamed]


def _attribute(luck: random.Random, lines: list[str]) -> None:
    lines.insert(luck.randrange(len(lines)), luck.choice((*_ATTRIBUTES, *_DIRECTIONS, _LONG, f"a=mid:{_LONG}")))


def _cut(luck: random.Random, lines: list[str]) -> None:
    at = luck.randrange(len(lines))
    lines[at] = lines[at][: luck.randrange(len(lines[at]) + 1)]


def _truncate(luck: random.Random, lines: list[str]) -> None:
    del lines[luck.randrange(len(lines)) :]


def _extension(luck: random.Random, lines: list[str]) -> None:
    for at, line in enumerate(lines):
        if line.startswith("a=extmap:"):
            lines[at] = f"a=extmap:{luck.choice((*_NUMBERS, '1', '14', '15'))} {line.partition(' ')[2]}"


def _mid(luck: random.Random, lines: list[str]) -> None:
    new = luck.choice(("", "0", "1", "x" * 17, "x" * 300, "\u00e9", "a b", "-1"))
    for at, line in enumerate(lines):
        lines[at] = line.replace("a=mid:0", f"a=mid:{new}").replace("BUNDLE 0", f"BUNDLE {new}")


def _fingerprint(luck: random.Random, lines: list[str]) -> None:
    values = ("sha-256 AA", "sha-256", "", "md5 AA:BB", "sha-256 " + "ZZ:" * 32, "sha-512 " + "00:" * 5000)
    for at, line in enumerate(lines):
        if line.startswith("a=fingerprint:"):
            lines[at] = f"a=fingerprint:{luck.choice(values)}"


MUTATIONS: tuple[Mutation, ...] = (
    _delete,
    _delete_many,
    _duplicate,
    _swap,
    _flip,
    _number,
    _payload_type,
    _candidate,
    _many_candidates,
    _sections,
    _attribute,
    _cut,
    _truncate,
    _extension,
    _mid,
    _fingerprint,
)
