"""What a page said, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from control.protocol.page_log import (
    ConsoleEntry,
    DownloadEntry,
    HttpBody,
    HttpHeader,
    LeftOut,
    PageLogView,
    RequestEntry,
)
from jumpseat import Client
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, ServerHarness

MOMENT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SAID = PageLogView(
    console=(
        ConsoleEntry(number=1, at=MOMENT, level="info", text="hello", url="http://shop.test/a.js", line=3),
        ConsoleEntry(number=4, at=MOMENT, step=2, level="error", kind="exception", text="TypeError: x"),
    ),
    requests=(
        RequestEntry(
            number=2,
            at=MOMENT,
            method="GET",
            url="http://shop.test/?q=caf%C3%A9&empty=",
            resource_type="document",
            status=200,
            status_text="OK",
            duration_ms=12,
            request_headers=(HttpHeader(name="accept", value="*/*"),),
            response_headers=(
                HttpHeader(name="Content-Type", value="text/html"),
                HttpHeader(name="content-length", value="12"),
            ),
        ),
        RequestEntry(
            number=3,
            at=MOMENT,
            step=2,
            method="POST",
            url="http://[bad",
            resource_type="fetch",
            error="net::ERR_TIMED_OUT",
            failed=True,
            request_headers=(HttpHeader(name="content-type", value="application/json"),),
            request_body=HttpBody(text='{"cart": 1', size=90, cut=True),
            response_body=HttpBody(left_out="it is no text (image/png)"),
        ),
    ),
    downloads=(
        DownloadEntry(number=1, at=MOMENT, step=2, name='../é "a".html', url="http://shop.test/a", size=9),
        DownloadEntry(number=2, at=MOMENT, name="b", url="http://shop.test/b", error="it was cut"),
        DownloadEntry(number=3, at=MOMENT, name="c", url="http://shop.test/c", size=1),
    ),
    left_out=LeftOut(console=7, requests=8, muted_ms=900),
)


@pytest.fixture
def said(run: FakeRun) -> FakeRun:
    run.said = SAID
    return run


async def test_the_console_is_listed(harness: ServerHarness, said: FakeRun) -> None:
    status, body = await harness.call("GET", f"/api/tests/{said.id}/console")
    assert (status, body["leftOut"], body["mutedMs"]) == (200, 7, 900)
    assert body["entries"][0] == {
        "number": 1,
        "at": "2026-01-31T09:30:00.000Z",
        "step": 0,
        "level": "info",
        "kind": "console",
        "text": "hello",
        "url": "http://shop.test/a.js",
        "line": 3,
    }


@pytest.mark.parametrize(
    ("query", "console", "network"),
    [
        ("", [1, 4], [2, 3]),
        ("?step=2", [4], [3]),
        ("?step=0", [1], [2]),
        ("?since=2", [4], [3]),
        ("?since=3&step=0", [], []),
    ],
)
async def test_they_are_chosen_by_step_and_number(
    harness: ServerHarness, said: FakeRun, query: str, console: list[int], network: list[int]
) -> None:
    for path, numbers in (("console", console), ("network", network)):
        _, body = await harness.call("GET", f"/api/tests/{said.id}/{path}{query}")
        assert [each["number"] for each in body["entries"]] == numbers
    _, archive = await harness.call("GET", f"/api/tests/{said.id}/har{query}")
    assert len(archive["log"]["entries"]) == len(network)


@pytest.mark.parametrize("query", ["step=-1", "step=x", "since=1.5", "since="])
@pytest.mark.parametrize("path", ["console", "network", "har"])
async def test_a_bad_query_is_named(harness: ServerHarness, said: FakeRun, path: str, query: str) -> None:
    status, body = await harness.call("GET", f"/api/tests/{said.id}/{path}?{query}")
    assert (status, body["errors"][0]["field"]) == (422, query.split("=", maxsplit=1)[0])


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Pair(Strict):
    name: str
    value: str


class Body(Strict):
    size: int
    mime_type: str = Field(alias="mimeType")
    text: str | None = None
    comment: str | None = None


class PostData(Strict):
    mime_type: str = Field(alias="mimeType")
    params: list[Pair]
    text: str
    comment: str | None = None


class Half(Strict):
    http_version: str = Field(alias="httpVersion")
    cookies: list[Pair]
    headers: list[Pair]
    headers_size: int = Field(alias="headersSize")
    body_size: int = Field(alias="bodySize")


class HarRequest(Half):
    method: str
    url: str
    query_string: list[Pair] = Field(alias="queryString")
    post_data: PostData | None = Field(default=None, alias="postData")


class HarResponse(Half):
    status: int
    status_text: str = Field(alias="statusText")
    content: Body
    redirect_url: str = Field(alias="redirectURL")


class Timings(Strict):
    send: int
    wait: int
    receive: int


class HarEntry(Strict):
    started: datetime = Field(alias="startedDateTime", strict=False)
    time: int = Field(ge=0)
    request: HarRequest
    response: HarResponse
    cache: dict[str, Any]
    timings: Timings


class Archive(Strict):
    """The fields that HAR 1.2 requires, and no others: http://www.softwareishard.com/blog/har-12-spec/."""

    version: str
    creator: dict[str, str]
    entries: list[HarEntry]


def without_extensions(node: Any) -> Any:  # noqa: ANN401 - JSON
    """HAR 1.2 §2: fields of one's own begin with an underscore, and readers pass over them."""
    if isinstance(node, Mapping):
        return {key: without_extensions(value) for key, value in node.items() if not key.startswith("_")}
    return [without_extensions(each) for each in node] if isinstance(node, list) else node


async def test_the_requests_are_an_archive_that_others_read(harness: ServerHarness, said: FakeRun) -> None:
    async with harness.http.get(
        f"{harness.url}/api/tests/{said.id}/har", headers={"Authorization": f"Bearer {ADA}"}
    ) as response:
        assert response.headers["Content-Disposition"] == f'attachment; filename="{said.id}.har"'
        found = await response.json()
    archive = Archive.model_validate(without_extensions(found["log"]))
    page, order = archive.entries
    assert (archive.version, archive.creator["name"]) == ("1.2", "jumpseat")
    assert [(each.name, each.value) for each in page.request.query_string] == [("q", "café"), ("empty", "")]
    assert (page.response.status, page.response.content.size, page.response.content.mime_type) == (200, 12, "text/html")
    assert (page.time, page.timings.wait) == (12, 12)
    assert (order.response.status, order.response.content.size) == (0, -1)
    assert page.request.post_data is None
    assert order.request.post_data is not None
    assert (order.request.post_data.mime_type, order.request.post_data.text) == ("application/json", '{"cart": 1')
    assert order.request.post_data.comment == "only its beginning"
    assert (order.response.content.text, order.response.content.comment) == (None, "it is no text (image/png)")
    assert [each["_step"] for each in found["log"]["entries"]] == [0, 2]
    assert found["log"]["entries"][1]["response"]["_failureText"] == "net::ERR_TIMED_OUT"


async def test_viewers_get_no_bodies(harness: ServerHarness, said: FakeRun) -> None:
    path = f"/api/tests/{said.id}"
    for role, text in (("viewer", None), ("controller", '{"cart": 1')):
        _, link = await harness.call("POST", f"{path}/tokens", body={"role": role})
        _, body = await harness.call("GET", f"{path}/network?step=2", token=link["token"])
        assert (body["entries"][0]["requestBody"] or {"text": None})["text"] == text
        _, archive = await harness.call("GET", f"{path}/har?step=2", token=link["token"])
        assert ("postData" in archive["log"]["entries"][0]["request"]) == (text is not None)


async def test_a_download_is_one_to_be_saved(harness: ServerHarness, said: FakeRun, tmp_path: Path) -> None:
    said.downloaded[1] = tmp_path / "1"
    said.downloaded[1].write_bytes(b"<script>")
    path = f"/api/tests/{said.id}/downloads"
    _, body = await harness.call("GET", f"{path}?step=2")
    assert [each["number"] for each in body["entries"]] == [1]
    async with harness.http.get(f"{harness.url}{path}/1", headers={"Authorization": f"Bearer {ADA}"}) as response:
        assert await response.read() == b"<script>"
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''_%C3%A9%20_a_.html"
    for number, status, detail in (
        (2, 404, "it was cut"),
        (3, 410, "removed"),
        (4, 404, "no such"),
        ("x", 404, "no such"),
    ):
        found, problem = await harness.call("GET", f"{path}/{number}")
        assert (found, detail in problem["detail"]) == (status, True)


async def test_the_client_reads_them(harness: ServerHarness, said: FakeRun, tmp_path: Path) -> None:
    async with Client(harness.url, key=ADA) as client:
        assert (await client.console(said.id)).entries == SAID.console
        assert (await client.network(said.id, step=2)).entries == SAID.requests[1:]
        assert (await client.network(said.id, since=2)).left_out == 8
        assert await client.downloads(said.id, step=2) == [SAID.downloads[0]]
        said.downloaded[1] = tmp_path / "1"
        said.downloaded[1].write_bytes(b"hello")
        assert await client.download(said.id, 1) == b"hello"
        assert len((await client.har(said.id, step=0))["log"]["entries"]) == 1
