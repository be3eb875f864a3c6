"""Traces over HTTP, and the viewer to look at them with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.signaling.server_harness import ADA, ServerHarness, auth

WORKER = "self.onfetch = playwright"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ServerHarness]:
    """A server with a trace viewer of its own, beside a file that is nobody's business."""
    files = {"index.html": "<p>the viewer", "sw.bundle.js": WORKER, "assets/a.css": "a {}"}
    for name, text in files.items():
        path = tmp_path / "viewer" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret").write_text("of the machine")
    async with ServerHarness(trace_viewer=tmp_path / "viewer") as harness:
        yield harness


async def test_a_trace_is_a_file_to_be_saved(harness: ServerHarness, tmp_path: Path) -> None:
    run = await harness.new_run()
    run.trace.file = tmp_path / "trace.zip"
    run.trace.file.write_bytes(b"PK")
    url = f"{harness.url}/api/tests/{run.id}/trace"
    async with harness.http.get(url, headers=auth(ADA)) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "application/zip", b"PK")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{run.id}-trace.zip"'


async def test_where_there_is_none_the_answer_says_why(harness: ServerHarness) -> None:
    run = await harness.new_run()
    status, answer = await harness.call("GET", f"/api/tests/{run.id}/trace")
    assert (status, answer["detail"]) == (404, "this run was not traced")


async def test_the_viewer_is_bound_by_a_policy_of_its_own(harness: ServerHarness) -> None:
    for path, media in (("", "text/html"), ("index.html", "text/html"), ("assets/a.css", "text/css")):
        async with harness.http.get(f"{harness.url}/trace-viewer/{path}") as answer:
            assert (answer.status, answer.content_type) == (200, media)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self';")
            assert "frame-ancestors 'none'" in policy


async def test_its_worker_begins_with_the_guard(harness: ServerHarness) -> None:
    _, text = await harness.call("GET", "/trace-viewer/sw.bundle.js", token=None)
    assert text.index("mayLoad") < text.index(WORKER)


@pytest.mark.parametrize("path", ["no.js", "..%2fsecret", "%2e%2e/secret", "assets", "a%00b", "x" * 5000])
async def test_no_other_file_is_served(harness: ServerHarness, path: str) -> None:
    status, text = await harness.call("GET", f"/trace-viewer/{path}", token=None)
    assert status in {400, 404}
    assert "of the machine" not in str(text)


class TestWithoutTheViewer:
    async def test_the_link_to_it_leads_to_the_trace(self) -> None:
        async with ServerHarness() as harness:
            trace = "/api/tests/r-1/trace?token=t.t.t"
            async with harness.http.get(
                f"{harness.url}/trace-viewer/", params={"trace": trace}, allow_redirects=False
            ) as answer:
                assert (answer.status, answer.headers["Location"]) == (302, trace)

    @pytest.mark.parametrize("trace", ["", "https://evil.test/", "//evil.test/api/tests/r/trace", "/runs/r"])
    async def test_it_leads_nowhere_else(self, trace: str) -> None:
        async with ServerHarness() as harness:
            url = f"{harness.url}/trace-viewer/"
            async with harness.http.get(url, params={"trace": trace}, allow_redirects=False) as answer:
                assert answer.status == 404
