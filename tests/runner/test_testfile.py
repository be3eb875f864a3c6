"""Test files: what is read, and how mistakes are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from control.protocol.actions import ActionType
from control.protocol.models import NewRun
from runner.browser.file_payload import payload
from runner.testfile import BadTestFile, load

GOOD = """\
# A comment
name: Buy a mug
url: https://shop.test/
instructions: |
  Go to /cart
  Click 'Checkout'
mode: review
viewport: {width: 800, height: 600}
secrets: {PASSWORD: "${SHOP_PASSWORD}", PIN: "1234"}
stepTimeoutMs: 5000
"""


def read(folder: Path, text: str, name: str = "test.yaml") -> NewRun:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load(file, environment={"SHOP_PASSWORD": "hunter2"})


def test_all_fields(tmp_path: Path) -> None:
    run = read(tmp_path, GOOD)
    assert (run.name, run.url, run.mode, run.step_timeout_ms) == ("Buy a mug", "https://shop.test/", "review", 5000)
    assert run.instructions == "Go to /cart\nClick 'Checkout'\n"
    assert run.secrets == {"PASSWORD": "hunter2", "PIN": "1234"}
    assert run.viewport is not None
    assert run.viewport.width == 800


def test_json_is_the_same(tmp_path: Path) -> None:
    data = {"url": "https://shop.test/", "steps": [{"type": "click", "selector": "#pay"}], "helpTimeoutMs": 0}
    tabs = json.dumps(data, indent="\t")
    for text, name in ((json.dumps(data), "a.json"), (tabs, "b.json"), (json.dumps(data), "c.yaml")):
        run = read(tmp_path, text, name)
        assert run.steps is not None
        assert (run.steps[0].type, run.help_timeout_ms) == (ActionType.CLICK, 0)


def test_files_to_upload_go_along(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "Lebenslauf ü.txt").write_bytes(b"hello")
    step = "{type: upload, selector: '#cv', value: 'data/Lebenslauf ü.txt'}"
    run = read(tmp_path, f"url: https://shop.test/\nsteps:\n  - {step}\n")
    assert run.steps is not None
    uploaded = payload(run.steps[0].text, None)
    assert uploaded == {"name": "Lebenslauf ü.txt", "mimeType": "text/plain", "buffer": b"hello"}


MISSPELT = "test.yaml:2: intructions: there is no such field; did you mean 'instructions'?"
MISSPELT_IN_STEP = "test.yaml:4: steps[0].selectr: there is no such field; did you mean 'selector'?"
NO_VARIABLE = "test.yaml:4: secrets.A: the environment has no MISSING: set it"
URL = "url: https://shop.test/\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "test.yaml: is empty"),
        ("- a\n", "test.yaml: holds a list"),
        ("url: [\n", "test.yaml:2: is not YAML"),
        ("url: a\tb: c\n", "test.yaml:1: is not YAML"),
        ("instructions: Go back\n", "test.yaml: url: is missing"),
        ("instructions: Go back\nurl: shop\n", "test.yaml:2: url: give an absolute http or https address"),
        ("url: https://shop.test/\nsteps: &a [*a]\n", "test.yaml:2: steps[0]: must be an object with fields"),
        (URL, "test.yaml: give 'instructions' or 'steps'"),
        (
            URL + "intructions: Go back\n",
            MISSPELT,
        ),
        (URL + "xyz: 1\n", "test.yaml:2: xyz: there is no such field; fields: allowHosts, browser, "),
        (URL + "url: https://b.test/\n", "test.yaml:2: 'url' is given twice"),
        (URL + "steps:\n  - {type: back}\n  - type: click\n", "test.yaml:4: steps[1].selector: click needs 'selector'"),
        (URL + "steps:\n  - type: clik\n", "test.yaml:3: steps[0].type: must be one of 'click'"),
        (URL + "steps:\n  - type: wait\n    value: x\n", "test.yaml:4: steps[0].value: wait needs a number"),
        (
            URL + "steps:\n  - type: back\n    selectr: x\n",
            MISSPELT_IN_STEP,
        ),
        (URL + "steps: Go back\n", "test.yaml:2: steps: must be a list"),
        (URL + "planner: script\n", "test.yaml: steps: the script planner needs 'steps'"),
        (URL + "mode: x\nsteps: []\n", "test.yaml:2: mode: must be one of 'auto' or 'review'"),
        (URL + "instructions: |\n  Go back\n\n  Clik 'Pay'\n", 'test.yaml:5: instructions: I do not understand "Clik '),
        (URL + "instructions: Clik 'Pay'\n", "test.yaml:2: instructions: I do not understand"),
        (URL + "instructions: Click 'Pay\n", "test.yaml:2: instructions: Line 1: the quote"),
        (
            URL + "steps: []\nsecrets:\n  A: ${MISSING}\n",
            NO_VARIABLE,
        ),
        (URL + "steps:\n  - {type: upload, selector: a, value: no.txt}\n", "no.txt cannot be read: No such file"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadTestFile) as caught:
        read(tmp_path, text)
    message = str(caught.value).replace(f"{tmp_path}/", "")
    assert said in message
    assert "\n" not in message


def test_files_that_sentences_upload_are_there_before_anything_begins(tmp_path: Path) -> None:
    text = URL + "instructions: |\n  Go back\n  Upload 'pic.svg' to 'Picture'\n"
    with pytest.raises(BadTestFile, match=r"test\.yaml:4: instructions: there is no file 'pic\.svg' beside"):
        read(tmp_path, text)
    (tmp_path / "test.yaml").write_text(text)
    assert load(tmp_path / "test.yaml", environment={}, uploads_here=False).instructions
    (tmp_path / "pic.svg").write_text("<svg/>")
    assert read(tmp_path, text).instructions
    for value in ("data:,x", "{{secret:FILE}}"):
        assert read(tmp_path, text.replace("pic.svg", value)).instructions


def test_a_file_outside_the_folder_is_not_one_to_upload(tmp_path: Path) -> None:
    (tmp_path / "pic.svg").write_text("<svg/>")
    (tmp_path / "tests").mkdir()
    with pytest.raises(BadTestFile, match="beside the test file"):
        read(tmp_path / "tests", URL + "instructions: Upload '../pic.svg' to 'Picture'\n")


def test_broken_json_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadTestFile, match=r"test\.json:2: is not JSON: Expecting"):
        read(tmp_path, '{"url":\n}', "test.json")


def test_a_model_may_be_told_anything(tmp_path: Path) -> None:
    assert read(tmp_path, URL + "planner: model\ninstructions: Buy the cheapest mug\n").instructions
    file = tmp_path / "test.yaml"
    file.write_text(URL + "instructions: Buy the cheapest mug\n")
    assert load(file, environment={}, default_planner="model").instructions


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadTestFile, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml", environment={})
    (tmp_path / "latin.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(BadTestFile, match="is not UTF-8 text"):
        load(tmp_path / "latin.yaml", environment={})
    (tmp_path / "large.yaml").write_bytes(b"#" * 4_000_001)
    with pytest.raises(BadTestFile, match="larger than 4 MB"):
        load(tmp_path / "large.yaml", environment={})


def test_a_secret_is_in_no_message(tmp_path: Path) -> None:
    with pytest.raises(BadTestFile) as caught:
        read(tmp_path, URL + "steps: []\nsecrets: {A: [hunter2]}\n")
    assert "hunter2" not in str(caught.value)
