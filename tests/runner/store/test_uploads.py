"""Uploaded files: their content goes to the page and into exports, and into no step and no event."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from control.event_log import Entry
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import RunStatus, StepStatus
from control.protocol.shape import utc_now
from runner.browser.file_payload import data_url, payload, payloads
from runner.driver import HumanAction, StepFailed
from runner.export.port import exportable
from runner.export.pytest import export
from runner.store.finished_run import FinishedRun
from runner.store.uploads import UploadStore
from tests.fakes import FakePlanner
from tests.runner.session_harness import BOB, SessionHarness, session_harness

WORDS = {name: f"the words of {name}".encode() for name in ("plan", "over", "hand")}


def url(name: str) -> str:
    return data_url(f"{name} 1.txt", "text/plain", WORDS[name])


def upload(*values: str) -> Action:
    return Action.model_validate({"type": "upload", "selector": "#file", "value": "\n".join(values)})


def contents(text: str) -> set[str]:
    return {name for name, words in WORDS.items() if base64.b64encode(words).decode() in text}


def told(run: SessionHarness) -> str:
    """Everything that any viewer could have been sent."""
    entries: list[Entry] = run.session.log.since(0) or []
    return json.dumps([[entry.body.dump() for entry in entries], run.session.view().dump()])


async def test_no_content_is_in_any_event_or_step_and_the_page_gets_it_all(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([upload(url("plan"))]), mode="review") as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.StepOverride(action=upload(url("over"), "by-name.txt")))
        await run.until_step(1, StepStatus.PASSED)
        await run.do(c.TakeControl())
        run.driver.human.append([HumanAction(upload(url("hand"), url("plan")), "Upload", 0.0)])
        await run.do(c.Input(kind="down"))
        await run.do(c.ReleaseControl())
        again = (await run.steps())[1].full_action
        await run.do(c.StepOverride(action=again))
        await run.until_step(3, StepStatus.PASSED)
        assert [done.text for done in run.driver.performed] == [
            f"{url('over')}\nby-name.txt",
            f"{url('hand')}\n{url('plan')}",
        ]
        steps = await run.steps()
        run.session.cancel()
        assert await run.finish() is RunStatus.CANCELLED
        assert contents(told(run) + json.dumps([step.dump() for step in steps])) == set()
        assert [step.value for step in steps] == [
            "over 1.txt (17 B), by-name.txt",
            "hand 1.txt (17 B), plan 1.txt (17 B)",
            "hand 1.txt (17 B), plan 1.txt (17 B)",
        ]
        assert steps[0].proposed
        assert steps[0].proposed.text.endswith(";name=plan%201.txt;type=text/plain;size=17")
        kept = await run.stored()
        files = UploadStore(run.store.uploads_folder(run.session.id))
        _, stored = exportable(kept.view, await run.store.steps(run.session.id), uploads=files, creation=kept.creation)
        assert contents(json.dumps([step.dump() for step in stored])) == {"plan", "over", "hand"}


async def test_a_run_is_made_again_from_the_whole_content(tmp_path: Path) -> None:
    async with session_harness(tmp_path, steps=[upload(url("plan"))], planner="script") as run:
        assert contents(json.dumps(run.session.creation())) == {"plan"}


async def test_a_reference_of_another_run_uploads_nothing(tmp_path: Path) -> None:
    reference = UploadStore(tmp_path / "other").externalize(upload(url("plan"))).text
    async with session_harness(tmp_path, FakePlanner([upload(reference)])) as run:
        run.start()
        await run.until_step(1, StepStatus.PASSED)
        assert run.driver.performed[0].text == reference
    with pytest.raises(StepFailed, match=r"There is no file 'plan 1\.txt' in this run any more"):
        payload(reference, tmp_path)


async def test_uploads_that_had_to_go_are_told_of_and_the_export_is_made_all_the_same(tmp_path: Path) -> None:
    """Of the run as it is in memory, and as it is read back."""
    words = data_url("pic 2.svg", "image/svg+xml", b"<svg/>")
    async with session_harness(tmp_path, FakePlanner([upload(url("plan"), words, "by-name.txt")])) as run:
        run.start()
        assert await run.finish() is RunStatus.PASSED
        stored = FinishedRun(await run.stored(), run.store, clock=utc_now, exporter=export)
        assert "the words of plan" in await stored.export("pytest")
        shown = "plan 1.txt (17 B), pic 2.svg (6 B), by-name.txt"
        assert [step.value for step in await stored.steps()] == [shown]
        digest = hashlib.sha256(words.encode()).hexdigest()
        (run.store.uploads_folder(run.session.id) / digest).unlink()
        gone = [f"{shown} - removed to make room (JUMPSEAT_MAX_DISK): pic 2.svg"]
        assert [step.value for step in await stored.steps()] == gone
        assert [step.value for step in await run.steps()] == gone
        replayed = await stored.submit(c.ReplayStep(step_number=1), BOB)
        assert isinstance(replayed, e.StepReplay)
        assert replayed.step.value == gone[0]
        text = await stored.export("pytest")
        assert "the words of plan" in text
        assert text.count('os.path.join(os.path.dirname(__file__), "pic 2.svg")') == 1
        compile(text, "exported", "exec")


def test_a_disk_that_takes_nothing_keeps_no_upload_from_being_done(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    uploads = UploadStore(tmp_path / "taken")
    away = uploads.externalize(upload(url("plan")))
    assert contents(away.text) == set()
    assert uploads.inline(away) == upload(url("plan"))


@pytest.mark.parametrize(
    "value", ["kept:", "kept:../../etc/passwd", "kept:" + "0" * 64, "kept:" + "0" * 64 + ";size=²", "kept:;name=%00"]
)
def test_a_reference_that_is_none_is_only_a_name(tmp_path: Path, value: str) -> None:
    action = upload(value)
    assert UploadStore(tmp_path).inline(action) == action
    assert action.shown
    with pytest.raises(StepFailed, match="There is no file"):
        payloads(value, tmp_path)
