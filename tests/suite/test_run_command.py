"""`jumpseat run` with several files, from outside: a real server, real browsers, and what CI systems read."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as xml
from zipfile import ZipFile

import av
import pytest

from tests.served import Served, served
from tests.test_commands import jumpseat
from tests.unwell_site import unwell_site

pytestmark = pytest.mark.process

PASSES = "url: {site}/\nsteps:\n  - {{type: navigate, value: /cart}}\n  - {{type: expect_url, value: /cart}}\n"
RECORDED = """url: {site}/
record: 'on'
steps:
  - {{type: wait, value: 1500}}
  - {{type: expect_visible, selector: '#nothing'}}
stepTimeoutMs: 300
"""
FAILS = "url: {site}/\nsteps:\n  - {{type: expect_visible, selector: '#nothing'}}\nstepTimeoutMs: 300\n"


def write(folder: Path, server: Served, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(f"name: {name}\n{text.format(site=server.site)}")


async def test_a_folder_is_run_side_by_side_and_reported(tmp_path: Path) -> None:
    tests, output, report = tmp_path / "tests", tmp_path / "out", tmp_path / "report.xml"
    tests.mkdir()
    async with served() as server:
        write(tests, server, first=PASSES, second=FAILS, third=PASSES)
        (tests / "package.json").write_text("{}")
        arguments = ("--server", server.api, "--key", server.key, "--workers", "2", "--retries", "1")
        code, out, err = await jumpseat(
            *("run", str(tests), *arguments, "--output", str(output), "--junit", str(report)), GITHUB_ACTIONS="true"
        )
        answer = await server.get("/api/tests?limit=20")
    assert code == 1
    assert "package.json is no test and is left out" in err
    assert "2 passed, 1 failed" in out
    assert "attempt 2" in out
    assert sorted(run["name"] for run in answer["runs"]) == ["first", "second", "second", "third"]
    lines = out.splitlines()
    stopped, last = lines[0], lines[-1]
    assert stopped.startswith("::stop-commands::")
    assert lines[-2] == f"::{stopped.rpartition(':')[2]}::"
    assert last.startswith("::error file=")
    assert "title=second%3A failed%2C attempt 2::" in last
    root = xml.parse(report).getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "0")
    assert [suite.get("name") for suite in root] == ["first", "second", "third"]
    kept = json.loads(next(output.glob("*second*/steps.json")).read_text())
    assert kept["run"]["steps"][0]["status"] == "failed"
    assert next(output.glob("*second*/last.jpg")).read_bytes().startswith(b"\xff\xd8")
    assert not list(output.glob("*first*"))
    page = (output / "report.html").read_text()
    assert "data:image/jpeg;base64," in page
    assert "2 passed, 1 failed" in page


async def test_trace_and_recording_of_a_failure_are_kept_and_named_in_both_reports(tmp_path: Path) -> None:
    output, report = tmp_path / "out", tmp_path / "report.xml"
    async with served() as server:
        write(tmp_path, server, bad=RECORDED)
        arguments = ("--server", server.api, "--key", server.key, "--output", str(output), "--junit", str(report))
        code, _, _ = await jumpseat("run", str(tmp_path / "bad.yaml"), *arguments)
    assert code == 1
    (folder,) = (each for each in output.iterdir() if each.is_dir())
    with ZipFile(folder / "trace.zip") as archive:
        assert b"#nothing" in archive.read("0001.trace")
    with av.open(str(folder / "recording.mp4"), "r") as container:
        assert container.streams.video[0].frames > 1
    page, said = (output / "report.html").read_text(), xml.parse(report).findtext(".//system-out") or ""
    for name in ("trace.zip", "recording.mp4"):
        assert f'href="{folder.name}/{name}"' in page
        assert f"[[ATTACHMENT|{folder / name}]]" in said


async def test_what_could_not_run_is_said_beside_the_others(tmp_path: Path) -> None:
    async with served() as server:
        write(tmp_path, server, good=PASSES)
        (tmp_path / "gone.yaml").write_text("url: http://127.0.0.1:1/\nsteps:\n  - {type: back}\n")
        code, out, _ = await jumpseat("run", str(tmp_path), "--server", server.api, "--key", server.key)
    assert code == 2
    assert "1 passed, 1 could not run" in out


async def test_quiet_prints_nothing_but_failures(tmp_path: Path) -> None:
    async with served() as server:
        write(tmp_path, server, good=PASSES, also=PASSES)
        arguments = ("run", str(tmp_path), "--server", server.api, "--key", server.key, "-q")
        assert await jumpseat(*arguments) == (0, "", "")
        write(tmp_path, server, bad=FAILS)
        code, out, _ = await jumpseat(*arguments)
    assert (code, "bad" in out, "good" in out) == (1, True, False)


async def test_a_server_of_its_own_has_a_place_for_each_worker_and_the_files_beside_each_test(tmp_path: Path) -> None:
    async with served() as server:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / f"{name}.png").write_text(name)
            text = f"url: {server.site}/checkout\ninstructions: Upload '{name}.png' to 'Gift card picture'\n"
            (tmp_path / name / "upload.yaml").write_text(text)
        write(tmp_path, server, plain=PASSES)
        found = await jumpseat(
            *("run", str(tmp_path), "--workers", "6"), JUMPSEAT_DATA_DIR=str(tmp_path / "data"), JUMPSEAT_LOG="warning"
        )
    assert found[0] == 0, found
    assert "3 passed" in found[1]


async def test_what_went_wrong_in_the_page_is_in_the_terminal_and_in_every_report(tmp_path: Path) -> None:
    output, report = tmp_path / "out", tmp_path / "report.xml"
    async with served() as server, unwell_site() as site:
        file = tmp_path / "order.yaml"
        file.write_text(
            f"url: {site}\nsteps:\n  - {{type: click, selector: '#order'}}\n"
            "  - {type: expect_text, selector: '[role=status]', value: Thank you}\nstepTimeoutMs: 1500\n"
        )
        arguments = ("--server", server.api, "--key", server.key, "--output", str(output), "--junit", str(report))
        code, out, _ = await jumpseat("run", str(file), *arguments)
    assert code == 1
    assert "The page's request POST /api/orders answered 500" in out
    page, said = (output / "report.html").read_text(), xml.parse(report).findtext(".//system-out") or ""
    for line in (
        "step 1: the page's request POST /api/orders answered 500",
        "step 1: the page threw: ReferenceError: cart is not defined",
        "step 1: the page threw: TypeError: nobody waits for this",
        "step 1: the page's request GET /missing.png answered 404",
        "step 1: the page's Content Security Policy forbids it",
        "step 1: the page's WebSocket",
    ):
        assert (line in said, line in page) == (True, True), line
    har = json.loads(next(output.glob("*order*/network.har")).read_text())
    assert {entry["response"]["status"] for entry in har["log"]["entries"]} >= {500, 404}
    everything = "".join(each.read_text("utf-8", "replace") for each in output.rglob("*") if each.is_file())
    assert "hunter2-token" not in everything
    assert "hunter2-cookie" not in everything
