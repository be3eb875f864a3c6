"""What Playwright has written down becomes a zip: steps, DOM, console and requests, without secrets."""

from __future__ import annotations

import base64
import html
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import pytest

from runner.trace.packing import PackingJob, pack

SECRET = "p&ss wörd/1?"
"""With letters that addresses, HTML and JSON spell in another way."""
OTHER = "hunter2-the-long-one"
CONTEXT = {"version": 10, "type": "context-options", "origin": "library", "browserName": "chromium", "options": {}}


def step(title: str, call: str = "call@1") -> list[dict[str, Any]]:
    return [
        {"type": "before", "callId": call, "startTime": 1.0, "title": title, "class": "Tracing",
         "method": "tracingGroup", "params": {}},
        {"type": "before", "callId": f"{call}0", "startTime": 1.1, "class": "Frame", "method": "waitForTimeout",
         "params": {"waitTimeout": 0}, "parentId": call},
        snapshot(["HTML", {}, ["BODY", {}, "before"]], call=f"{call}0", phase="before"),
        snapshot(["HTML", {}, ["BODY", {}, "after"]], call=f"{call}0"),
        {"type": "after", "callId": f"{call}0", "endTime": 1.9},
        {"type": "after", "callId": call, "endTime": 2.0},
    ]  # fmt: skip


def snapshot(tree: Any, *, call: str = "call@9", phase: str = "after", frame: str = "frame@1") -> dict[str, Any]:  # noqa: ANN401
    return {
        "type": "frame-snapshot",
        "snapshot": {
            "callId": call, "phase": phase, "pageId": "page@1", "frameId": frame, "frameUrl": "http://shop.test/",
            "doctype": "html", "html": tree, "timestamp": 1.5, "resourceOverrides": [], "isMainFrame": True,
        },
    }  # fmt: skip


def request(file: str | None = None, *, kind: str = "fetch", status: int = 200, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    content = {"size": 10, "mimeType": "text/plain"} | ({"_file": file} if file else {})
    return {
        "type": "resource-snapshot",
        "snapshot": {
            "pageref": "page@1", "startedDateTime": "2026-01-01T00:00:00.000Z", "time": 1, "_monotonicTime": 1.2,
            "_resourceType": kind, "_frameref": "frame@1", "serverIPAddress": "10.0.0.7",
            "request": {"method": "POST", "url": "http://shop.test/api", "httpVersion": "HTTP/1.1", "cookies": [],
                        "headers": [], "queryString": [], "headersSize": 1, "bodySize": 1} | request,
            "response": {"status": status, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                         "content": content, "headersSize": 1, "bodySize": 1, "redirectURL": ""},
        },
    }  # fmt: skip


class Raw:
    """What a browser has left in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tracing"
        (self.folder / "resources").mkdir(parents=True)
        self.file = folder / "trace.zip"

    def write(
        self, trace: list[dict[str, Any]], network: list[dict[str, Any]] | None = None, name: str = "0001"
    ) -> None:
        self._lines(f"{name}.trace", [CONTEXT, *trace])
        self._lines(f"{name}.network", network or [])

    def resource(self, name: str, data: bytes) -> str:
        (self.folder / "resources" / name).write_bytes(data)
        return f"resources/{name}"

    def pack(self, *secrets: str, errors: dict[str, str] | None = None) -> dict[str, bytes]:
        """The content of the zip."""
        job = PackingJob(
            folder=str(self.folder), file=str(self.file), title="Buy a mug", secrets=secrets, errors=errors or {}
        )
        assert pack(job)
        with ZipFile(self.file) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    def _lines(self, name: str, events: list[dict[str, Any]]) -> None:
        (self.folder / name).write_text(
            "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in events), encoding="utf-8"
        )


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    return Raw(tmp_path)


def events(files: dict[str, bytes], kind: str, name: str = "0001.trace") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in files[name].splitlines()]
    return [event for event in found if event["type"] == kind]


def tree_of(files: dict[str, bytes], at: int = 0) -> Any:  # noqa: ANN401
    return events(files, "frame-snapshot")[at]["snapshot"]["html"]


def spellings(secret: str) -> set[bytes]:
    """The secret as a body, an address, a header or a page may hold it."""
    raw = secret.encode()
    return {
        raw, quote(secret, safe="").encode(), html.escape(secret).encode(), json.dumps(secret)[1:-1].encode(),
        base64.b64encode(raw)[:-4], base64.b64encode(b"x" + raw)[4:-4], base64.b64encode(b"xy" + raw)[4:-4],
        base64.urlsafe_b64encode(raw)[:-4],
    }  # fmt: skip


class TestSteps:
    def test_a_step_has_the_dom_after_it_and_no_call_of_ours_is_shown(self, raw: Raw) -> None:
        raw.write(step("1. Click 'Pay'"))
        files = raw.pack()
        (shown,) = events(files, "before")
        assert (shown["title"], shown["callId"], shown["params"]) == ("1. Click 'Pay'", "call@1", {})
        before, after = events(files, "frame-snapshot")
        assert "phase" not in before["snapshot"]
        assert (after["snapshot"]["phase"], after["snapshot"]["callId"]) == ("after", "call@1")

    def test_one_that_has_failed_says_why(self, raw: Raw) -> None:
        raw.write([*step("1. Click 'Pay'"), *step("2. Click 'Go'", "call@2")])
        first, second = events(raw.pack(errors={"2. Click 'Go'": "It is disabled"}), "after")
        assert "error" not in first
        assert second["error"]["message"] == "It is disabled"

    def test_the_trace_has_the_name_of_the_run(self, raw: Raw) -> None:
        raw.write([])
        assert events(raw.pack(), "context-options")[0]["title"] == "Buy a mug"

    def test_calls_with_what_was_typed_are_left_out(self, raw: Raw) -> None:
        typed = {"type": "before", "callId": "call@5", "startTime": 1.0, "class": "CDPSession", "method": "send"}
        log = {"type": "log", "callId": "call@5", "time": 1.0, "message": "insert h"}
        raw.write([typed | {"params": {"method": "Input.insertText", "params": {"text": "h"}}}, log])
        files = raw.pack()
        assert [json.loads(line)["type"] for line in files["0001.trace"].splitlines()] == ["context-options"]


class TestSecrets:
    def test_they_are_nowhere_in_any_spelling(self, raw: Raw) -> None:
        everywhere = " | ".join(
            [SECRET, quote(SECRET, safe=""), html.escape(SECRET), json.dumps(SECRET)]
            + [base64.b64encode(before + SECRET.encode() + b"!!").decode() for before in (b"", b"x", b"xy")]
            + [base64.urlsafe_b64encode(SECRET.encode()).decode()]
        )
        field = ["INPUT", {"type": "text", "__playwright_value_": everywhere, "value": SECRET, "title": everywhere}]
        console = {"type": "console", "messageType": "log", "text": everywhere, "time": 1.0, "pageId": "page@1"}
        arguments = {"args": [{"preview": everywhere, "value": {everywhere: [everywhere, 4711]}}]}
        dialog = {"type": "event", "class": "BrowserContext", "method": "dialog", "time": 1.0}
        override = raw.resource("a.css", everywhere.encode())
        styled = snapshot(["HTML", {}, everywhere, field])
        styled["snapshot"]["resourceOverrides"] = [{"url": f"http://x/{everywhere}", "file": override}]
        raw.write(
            [*step(f"1. Type {SECRET}"), styled, console | arguments, dialog | {"params": {"message": everywhere}}],
            [
                request(
                    raw.resource("e.svg", json.dumps({"echo": everywhere, "pin": SECRET}).encode()),
                    kind="image",
                    url=f"http://shop.test/?q={quote(SECRET)}",
                    headers=[{"name": "Referer", "value": everywhere}, {"name": "X-Own", "value": SECRET}],
                    postData={"mimeType": "text/plain", "text": everywhere},
                ),
                request(raw.resource("pic.png", b"\x89PNG\xff" + SECRET.encode()), kind="image"),
            ],
        )
        files = raw.pack(SECRET, "4711", errors={f"1. Type {SECRET}": f"it holds '{SECRET}'"})
        whole = b"\n".join([*files.values(), *(name.encode() for name in files)])
        assert [spelled for spelled in spellings(SECRET) if spelled in whole] == []
        assert b"4711" not in whole
        assert "•••" in tree_of(files, 2)[2]

    def test_what_is_none_stays_as_it_is(self, raw: Raw) -> None:
        tree = [
            "HTML",
            {"lang": "en"},
            ["BODY", {}, "A mug & more", ["INPUT", {"__playwright_value_": "Ada", "type": "text"}]],
        ]
        picture = raw.resource("pic.png", bytes(range(256)))
        raw.write([snapshot(tree), snapshot([[1, 0]])], [request(picture, kind="image")])
        files = raw.pack(OTHER)
        assert tree_of(files) == tree
        assert tree_of(files, 1) == [[1, 0]]
        assert files[picture] == bytes(range(256))

    @pytest.mark.parametrize("attributes", [{"type": "password"}, {"type": "HIDDEN"}])
    def test_fields_that_nobody_sees_are_dots(self, raw: Raw, attributes: dict[str, str]) -> None:
        raw.write([snapshot(["INPUT", attributes | {"__playwright_value_": "par", "value": "partial"}])])
        assert tree_of(raw.pack())[1] == attributes | {"__playwright_value_": "•••", "value": "•••"}

    def test_what_pages_hold_for_their_scripts_is_dots(self, raw: Raw) -> None:
        raw.write([snapshot(["META", {"name": "csrf-token", "content": "e6d1"}])])
        assert tree_of(raw.pack())[1]["content"] == "•••"

    def test_a_value_that_a_fields_mask_parts_is_dots(self, raw: Raw) -> None:
        raw.write([snapshot(["INPUT", {"__playwright_value_": "4111-1111-1111"}])])
        assert tree_of(raw.pack("411111111111"))[1] == {"__playwright_value_": "•••"}

    def test_cookies_and_headers_that_may_be_credentials_are_hidden(self, raw: Raw) -> None:
        headers = [{"name": name, "value": "s3ssion"} for name in ("Cookie", "Authorization", "X-Api-Key")]
        network = request(headers=[*headers, {"name": "Accept", "value": "*/*"}], cookies=[{"name": "s3ssion"}])
        setting = [{"name": "Set-Cookie", "value": "s3ssion"}]
        network["snapshot"]["response"] |= {"cookies": [{"name": "s3ssion"}], "headers": setting}
        raw.write([], [network])
        files = raw.pack()
        assert b"s3ssion" not in files["0001.network"]
        shown = events(files, "resource-snapshot", "0001.network")[0]["snapshot"]
        assert shown["request"]["headers"][3] == {"name": "Accept", "value": "*/*"}
        assert shown["request"]["headers"][0]["value"].isascii()  # the viewer makes headers of it


class TestBodies:
    def test_only_what_pages_are_drawn_from_is_kept(self, raw: Raw) -> None:
        style, picture = raw.resource("a.css", b"a{}"), raw.resource("p.png", b"\x89")
        answer, failure = raw.resource("ok.json", b"{}"), raw.resource("no.html", b"<p>no stock")
        drawn = [request(style, kind="stylesheet"), request(picture, kind="image")]
        others = [request(answer), request(failure, status=500), request(failure, kind="document")]
        raw.write([], [*drawn, *others])
        files = raw.pack()
        assert {style, picture} == {name for name in files if name.startswith("resources/")}
        assert b"postData" not in files["0001.network"]

    @pytest.mark.parametrize(
        "name", ["resources/../../secret", "/etc/passwd", "resources/", "resources/.x", "0001.trace"]
    )
    def test_no_other_file_is_taken(self, raw: Raw, name: str) -> None:
        (raw.folder.parent / "secret").write_text("of the machine")
        raw.write([], [request(name, kind="image")])
        assert set(raw.pack()) == {"0001.trace", "0001.network"}


class TestHostile:
    def test_a_line_that_cannot_be_read_ends_nothing(self, raw: Raw) -> None:
        raw.write(step("1. Go"))
        with (raw.folder / "0001.trace").open("ab") as file:
            file.write(
                b'{"type": "before", "callId"\n[]\n{"type": "frame-snapshot", "snapshot": 7}\n\xff\n{"type": "af'
            )
        assert len(events(raw.pack(), "before")) == 1

    def test_a_dom_that_is_too_deep_or_none_loses_its_frame_alone(self, raw: Raw) -> None:
        deep: Any = "x"
        for _ in range(300):
            deep = ["DIV", {}, deep]
        raw.write(
            [
                snapshot(deep),
                snapshot({"no": "tree"}, frame="frame@2"),
                snapshot([[1, 0]], frame="frame@2"),
                snapshot([[1, 0]]),
            ]
        )
        kept = [each["snapshot"]["frameId"] for each in events(raw.pack(), "frame-snapshot")]
        assert kept == ["frame@1", "frame@1"]

    def test_a_line_that_is_too_long_loses_its_frame_alone(self, raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("runner.trace.packing._LONGEST_LINE", 2000)
        raw.write([snapshot("x" * 5000), snapshot([[1, 0]]), snapshot("y", frame="frame@2")])
        kept = [each["snapshot"]["frameId"] for each in events(raw.pack(), "frame-snapshot")]
        assert kept == ["frame@2"]

    def test_names_that_are_no_names_are_not_passed_on(self, raw: Raw) -> None:
        raw.write([snapshot(["IMG><script", {'x="1"><script>': "y", "alt": "z"}])])
        assert tree_of(raw.pack()) == ["span", {"alt": "z"}]


def test_where_nothing_was_written_there_is_no_zip(raw: Raw) -> None:
    assert not pack(PackingJob(folder=str(raw.folder), file=str(raw.file), title="", errors={}))
    assert not raw.file.exists()


def test_nobody_else_may_read_it(raw: Raw) -> None:
    raw.write([])
    raw.pack()
    assert stat.S_IMODE(raw.file.stat().st_mode) == 0o600


@pytest.mark.process
def test_the_process_does_what_it_is_told(raw: Raw) -> None:
    raw.write(step(f"1. Type {OTHER}"))
    job = PackingJob(folder=str(raw.folder), file=str(raw.file), title="t", secrets=(OTHER,), errors={})
    subprocess.run([sys.executable, "-m", "runner.trace.packing"], input=job.dump(), check=True, timeout=60)
    with ZipFile(raw.file) as archive:
        assert OTHER.encode() not in archive.read("0001.trace")


def test_a_disk_that_is_full_leaves_nothing_behind(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("the disk is full")

    raw.write([])
    monkeypatch.setattr("runner.trace.packing.os.replace", full)
    with pytest.raises(OSError, match="full"):
        raw.pack()
    assert list(raw.file.parent.glob("trace*")) == []
