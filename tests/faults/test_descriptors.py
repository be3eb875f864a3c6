"""A server with few descriptors, and strangers who hold as many connections as they can."""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.served import WAIT_SECONDS, served

FEW = 300
SOON = aiohttp.ClientTimeout(total=WAIT_SECONDS)
STARTED = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({FEW}, {FEW}))
from jumpseat.cli import main
main()
"""


@pytest.mark.process
async def test_strangers_who_hold_connections_keep_nobody_out(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(command=(sys.executable, "-c", STARTED), log=log) as server:
        watched = await server.start_watchable("/timecode.html", seconds=300)
        ports = [urlsplit(server.api).port, urlsplit(server.frames).port]
        with ExitStack() as stack:
            for number in range(2 * FEW):
                with suppress(OSError):
                    stack.enter_context(socket.create_connection(("127.0.0.1", ports[number % 2])))
            async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {server.key}"}) as http:
                async with http.get(f"{server.api}/api/tests/{watched}", timeout=SOON) as answer:
                    assert (await answer.json())["status"] == "running"
                body = {"url": f"{server.site}/", "steps": [{"type": "expect_visible", "selector": "body"}]}
                async with http.post(f"{server.api}/api/tests", json=body, timeout=SOON) as answer:
                    assert answer.status == 201, await answer.text()
                    run_id = (await answer.json())["id"]
            ended = await server.until(run_id, lambda message: message["type"] == "run_finished")
            assert ended[-1]["status"] == "passed"
            async with server.http.get(f"{server.api}/metrics") as answer:
                families = text_string_to_metric_families(await answer.text())
            figures = {
                (sample.name, *sample.labels.values()): sample.value for each in families for sample in each.samples
            }
            assert figures["jumpseat_http_connections",] <= FEW / 2
            assert figures["jumpseat_connections_cut_total", "crowded"] >= FEW
    assert len(log.read_bytes()) < 10_000
