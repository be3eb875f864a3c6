"""Who did what, when, and from where: written down once, told to the owner alone, never with what was typed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from control.protocol.audit import AuditEntry
from signaling.server import Server
from tests.signaling.server_harness import ADA, BOB, CONFIG, ServerHarness


class FakeAudit:
    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def note(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    async def of_run(self, run_id: str) -> Sequence[AuditEntry]:
        return [entry for entry in self.entries if entry.run_id == run_id]


class AuditedHarness(ServerHarness):
    def __init__(self) -> None:
        super().__init__()
        self.audit = FakeAudit()
        self.server = Server(CONFIG, runs=self.runs, links=self.links, dist=Path("there is none"), audit=self.audit)

    async def ask(self, method: str, path: str, key: str = ADA, body: object = None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {key}"}
        async with self.http.request(method, f"{self.url}{path}", headers=headers, json=body) as answer:
            return answer.status, await answer.text()


async def test_all_that_is_done_to_a_run_is_told_to_its_owner_alone() -> None:
    async with AuditedHarness() as server:
        status, text = await server.ask(
            "POST", "/api/tests", body={"url": "http://shop.test/", "instructions": "Open /"}
        )
        assert status == 201
        run = f"/api/tests/{json.loads(text)['id']}"
        link = json.loads((await server.ask("POST", f"{run}/tokens", body={"role": "controller"}))[1])
        ws = f"{server.url}/ws/test-control?runId={json.loads(text)['id']}&token={link['token']}&client=c1"
        async with server.http.ws_connect(ws) as socket:
            await socket.receive_json()
            for message in ({"type": "ping", "t": 1, "id": "1"}, {"type": "pause", "id": "2"}):
                await socket.send_json(message)
                while (await socket.receive_json()).get("id") != message["id"]:
                    pass
        assert (await server.ask("POST", f"{run}/resume"))[0] == 202
        await server.ask("GET", f"{run}/export")
        assert (await server.ask("DELETE", f"{run}/tokens/{link['id']}"))[0] == 204
        status, told = await server.ask("GET", f"{run}/audit")
        assert status == 200
        entries = json.loads(told)["entries"]
        seen = [(entry["action"], entry["name"], entry["detail"]) for entry in entries]
        guest = entries[2]["name"]
        assert seen[:5] == [
            ("created", "ada", None),
            ("shared", "ada", f"controller {link['id']}"),
            ("watched", guest, "websocket"),
            ("steered", guest, "pause"),
            ("steered", "ada", "resume"),
        ]
        assert [entry[0] for entry in seen[5:]] in (["exported", "revoked"], ["revoked"])
        assert guest.startswith("controller ")
        assert (entries[2]["link"], entries[0]["link"]) == (link["id"], None)
        assert {entry["address"] for entry in entries} == {"127.0.0.1"}
        lines = (await server.ask("GET", f"{run}/audit?format=jsonl"))[1].splitlines()
        assert [json.loads(line) for line in lines] == entries
        assert (await server.ask("GET", f"{run}/audit", BOB))[0] == 404
        another = json.loads((await server.ask("POST", f"{run}/tokens", body={"role": "controller"}))[1])["token"]
        assert (await server.ask("GET", f"{run}/audit", another))[0] == 403


async def test_neither_what_was_typed_nor_what_was_refused_is_written_down() -> None:
    async with AuditedHarness() as server:
        run = await server.new_run()
        viewer = json.loads((await server.ask("POST", f"/api/tests/{run.id}/tokens", body={"role": "viewer"}))[1])
        typed = {"action": {"type": "type", "selector": "#pw", "value": "hunter2"}}
        assert (await server.ask("POST", f"/api/tests/{run.id}/override-step", body=typed))[0] == 202
        assert server.audit.entries[-1].detail == "step_override"
        assert "hunter2" not in str(server.audit.entries)
        before = len(server.audit.entries)
        assert (await server.ask("POST", f"/api/tests/{run.id}/pause", viewer["token"]))[0] == 403
        assert (await server.ask("DELETE", f"/api/tests/{run.id}", BOB))[0] == 404
        assert len(server.audit.entries) == before
