"""The audit log is only added to, outlives restarts and the run itself, and stands in a file as JSON lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from control.protocol.audit import AuditAction, AuditEntry
from control.roles import Role
from runner.store.store import Store
from tests.runner.store.test_store import record


def entry(run_id: str, action: AuditAction = AuditAction.WATCHED, detail: str | None = None) -> AuditEntry:
    return AuditEntry(
        at=datetime(2026, 1, 31, tzinfo=UTC),
        action=action,
        run_id=run_id,
        owner="ada",
        role=Role.VIEWER,
        name="viewer ab12",
        link="l1",
        address="192.0.2.7",
        detail=detail,
    )


async def test_it_outlives_restarts_and_the_run(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    await store.add(record("r1"))
    store.audit.note(entry("r1"))
    store.audit.note(entry("r2"))
    store.audit.note(entry("r1", AuditAction.STEERED, "pause"))
    assert [each.action for each in await store.audit.of_run("r1")] == ["watched", "steered"]
    store.audit.note(entry("r1", AuditAction.DELETED))
    await store.delete("r1")
    await store.aclose()
    store = await Store.open(tmp_path)
    try:
        assert [each.action for each in await store.audit.of_run("r1")] == ["watched", "steered", "deleted"]
        assert (await store.audit.of_run("r1"))[1] == entry("r1", AuditAction.STEERED, "pause")
    finally:
        await store.aclose()
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["runId"] for line in lines] == ["r1", "r2", "r1", "r1"]
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o777 == 0o600


async def test_a_forged_line_stays_within_its_own(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    store.audit.note(entry("r1", detail='\n{"action": "forged"}'))
    await store.aclose()
    (line,) = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert json.loads(line)["action"] == "watched"
