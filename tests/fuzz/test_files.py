"""Test files that are none: a run, or one line that says what is wrong; links that are none: a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from control.protocol.models import NewRun
from control.roles import Role
from runner.testfile import BadTestFile, load
from signaling.access.share_tokens import InvalidToken, ShareTokens
from signaling.livekit.room_tokens import ForeignToken, participant_context
from tests.fuzz import values
from tests.fuzz.example_budget import dice, inputs, rounds
from tests.signaling.fakes import FakeRun

GOOD = """\
url: http://shop.test/
name: Pay
secrets: {password: "${PASSWORD}"}
steps:
  - {type: click, selector: "#pay"}
  - {type: type, selector: "#name", value: "{{secret:password}}"}
  - &wait {type: wait, value: 10}
  - *wait
"""
ODD = [
    "",
    "\0",
    "[]",
    "{}",
    "a",
    "---\n---\n",
    "- a",
    "? [a]\n: b",
    "? {a: b}\n: c",
    "&a [*a]",
    "&a {a: *a}",
    "*a",
    "!!python/none",
    "!!python/object/apply:os.system ['true']",
    "!!int " + "9" * 5000,
    "url: " + "9" * 5000,
    "!!timestamp 99999-99-99",
    "url: 9999-12-31 23:59:59 -23:59",
    "url: 0001-01-01 00:00:00 +23:59",
    "!!binary '%'",
    "!!float a",
    "!!set {a, b}",
    "!!omap [a]",
    "<<: 1",
    "<<: [*a]",
    "=: 1",
    "url: !!null",
    "[" * 1100,
    "{a: " * 1100,
    "- " * 1100,
    "a: &a [x]\nb: [*a, *a]",
    "%YAML 9.9\n---\n",
    "\ufeffurl: a",
    "url: 'a",
    "url: |\n",
    "\t",
    "url: \x07",
    "url: http://[/",
    "url: http://shop.test/\nsteps: 1",
    "url: http://shop.test/\nsteps: [{type: upload, selector: a, value: /dev/zero}]",
    'url: http://shop.test/\nsteps: [{type: upload, selector: a, value: "a\\0b"}]',
    "url: http://shop.test/\nsteps: [{type: upload, selector: a, value: .}]",
    "url: http://shop.test/\nsteps: [{type: upload, selector: a, value: " + "a" * 5000 + "}]",
    "1: 2",
    "null: 1",
    "~: ~",
    "true: 1",
    "1.5: 1",
    "url: http://shop.test/\nsecrets: {a: 1}",
    "url: http://shop.test/\nsecrets: {1: abc}",
    "url: http://shop.test/\nsecrets: {abc: '${NOWHERE}'}",
    "url: http://shop.test/\ninstructions: [a]",
    "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9) if n else 'a'}]" for n in range(12))
    + "\nurl: *x11\nsteps: *x11",
]


def read(folder: Path, data: bytes, suffix: str) -> NewRun | str:
    """What comes of it: a run, or the sentence."""
    path = folder / f"odd{suffix}"
    path.write_bytes(data)
    try:
        return load(path, environment={"PASSWORD": "swordfish"})
    except BadTestFile as error:
        told = str(error)
    assert told.startswith(str(path))
    assert "\n" not in told
    return told


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_what_is_known_to_be_hard_is_a_run_or_a_sentence(tmp_path: Path, text: str, suffix: str) -> None:
    read(tmp_path, text.encode(), suffix)
    if suffix == ".json":
        for each in (text.replace("{a: ", '{"a": '), json.dumps({"url": text, "steps": []})):
            read(tmp_path, each.encode(), suffix)


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_damaged_files_are_runs_or_sentences(tmp_path: Path, suffix: str) -> None:
    luck, runs = dice(f"files {suffix}"), 0
    whole = GOOD if suffix == ".yaml" else json.dumps(yaml.safe_load(GOOD))
    for _ in rounds(400):
        data = bytearray(whole.encode())
        for _ in range(luck.randint(0, 4)):
            place = luck.randrange(len(data))
            data[place : place + luck.randint(0, 4)] = luck.choice(
                (luck.randbytes(2), b"", b"\n", b" ", b": ", b"{", b"]")
            )
        runs += isinstance(read(tmp_path, bytes(data), suffix), NewRun)
    assert runs


@inputs(60)
@given(values.fields(NewRun, values.WILD) | values.WILD)
def test_wild_fields_are_runs_or_sentences(tmp_path: Path, body: Any) -> None:  # noqa: ANN401 - any JSON
    read(tmp_path, json.dumps(body).encode(), ".json")
    read(tmp_path, yaml.safe_dump(body).encode("utf-8", "surrogatepass"), ".yaml")


@inputs(300)
@given(st.text(values.ANY_CHARACTER, max_size=80) | st.integers(0, 2**64))
def test_no_link_but_ours_is_read(damage: str | int) -> None:
    tokens = ShareTokens("secret")
    token, claims = tokens.mint("run", Role.VIEWER)
    assert tokens.read(token) == claims
    if isinstance(damage, int):
        place = damage % (len(token) - 1)  # the last character has bits that mean nothing
        damage = token[:place] + chr(0x21 + damage % 90) + token[place + 1 :]
    if damage != token:
        with pytest.raises(InvalidToken):
            tokens.read(damage)


@inputs(150)
@given(
    st.dictionaries(st.sampled_from(["role", "until", "link", "parent"]), st.text(values.ANY_CHARACTER, max_size=12)
    | st.sampled_from(["viewer", "controller", "owner", "9" * 400, "-1", "nan", "1e400", "9" * 5000]))
)  # fmt: skip
def test_whoever_joins_livekit_is_known_or_not_ours(attributes: dict[str, str]) -> None:
    run = FakeRun(NewRun(url="http://shop.test/"), owner="ada")
    try:
        context = participant_context(run, identity="a", name="b", attributes=attributes)
    except ForeignToken:
        return
    assert context.actor.role.value == attributes["role"]
