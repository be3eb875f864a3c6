"""The whole story: a plain run gets stuck, a person helps it with their own hands, and the test is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.chromium import WhepViewer
from tests.exported import pytest_on
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUCK = """\
Click 'Orbit neck pillow'
Click 'Add to cart'
Wait for 'Orbit neck pillow is in your cart'
Go to /cart
Click 'Checkout'
Click 'A button that nobody has'
"""
ON_THE_WAY = """\
Type 'Ada Lovelace' into 'Name'
Type 'ada@example.com' into 'Email'
Type '12 Analytical Street' into 'Address'
Select 'France' in 'Country'
Check 'I agree'
Click 'Place order'
Expect to see 'Order #'
"""


async def button_centre(browser: Browser, site: str) -> tuple[float, float]:
    """Where a person sees the renamed button, in a window of the run's size with the same cart."""
    page = await browser.new_page(viewport={"width": 1280, "height": 720})
    await page.goto(f"{site}/?rename=1")
    await page.get_by_role("link", name="Orbit neck pillow").click()
    await page.get_by_role("button", name="Add to cart").click()
    await page.get_by_text("Orbit neck pillow is in your cart").wait_for()
    await page.goto(f"{site}/cart")
    box = await page.get_by_role("button", name="Proceed to payment").bounding_box()
    assert box is not None
    await page.context.close()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def asks_for_help(name: str) -> str:
    return f"v.messages.some((m) => m.type === 'help_needed' && m.reason.includes('{name}'))"


@pytest.mark.timeout(300)
async def test_a_stuck_run_is_helped_by_hand_and_kept_as_a_test(
    server: Served, viewer_browser: Browser, tmp_path: Path
) -> None:
    x, y = await button_centre(viewer_browser, server.site)
    body: dict[str, Any] = {"url": "/?rename=1", "instructions": STUCK, "planner": "plain", "stepTimeoutMs": 5_000}
    run_id = (await server.create(body))["id"]
    await server.until(run_id, lambda message: message["type"] == "stream_available")
    _, link = await server.post(f"/api/tests/{run_id}/tokens", {"role": "controller"})
    viewer = await WhepViewer.watch(viewer_browser, server.api, run_id, token=link["token"])
    await viewer.wait(asks_for_help("Checkout"), timeout_ms=60_000)
    assert (await server.get(f"/api/tests/{run_id}"))["status"] == "diagnosing"

    await viewer.command({"type": "take_control"})
    assert (await server.get(f"/api/tests/{run_id}"))["status"] == "paused"
    for kind in ("move", "down", "up"):
        await viewer.command({"type": "input", "kind": kind, "x": x, "y": y, "width": 1280, "height": 720})
    await viewer.wait("v.messages.some((m) => m.type === 'page_changed' && m.url.endsWith('/checkout'))")
    await viewer.command({"type": "release_control"})

    await viewer.wait(asks_for_help("A button that nobody has"), timeout_ms=60_000)
    await viewer.command({"type": "update_instructions", "instructions": ON_THE_WAY})
    await viewer.wait("v.messages.some((m) => m.type === 'run_finished')", timeout_ms=60_000)

    run = await server.get(f"/api/tests/{run_id}")
    assert run["status"] == "passed", run["error"]
    assert run["instructionsVersion"] == 2
    by_hand = [step for step in run["steps"] if step["source"] == "human"]
    assert [(step["action"], step["target"]) for step in by_hand] == [
        ("click", 'role=button[name="Proceed to payment"]')
    ]
    async with server.http.get(f"{server.api}/api/tests/{run_id}/export", params={"format": "pytest"}) as answer:
        exported = await answer.text()
    assert 'get_by_role("button", name="Proceed to payment", exact=True)' in exported
    file = tmp_path / "test_exported.py"
    await asyncio.to_thread(file.write_text, exported, encoding="utf-8")
    code, output = await pytest_on(file)
    assert code == 0, output


async def test_two_controllers_race_and_each_gets_one_answer(server: Served, viewer_browser: Browser) -> None:
    run_id = await server.start_watchable("/timecode.html", seconds=120)
    viewers = [await WhepViewer.watch(viewer_browser, server.api, run_id, token=server.key) for _ in range(2)]
    for viewer in viewers:
        await viewer.wait("v.messages.some((m) => m.type === 'hello')")
    answers = await asyncio.gather(*(viewer.ask_command({"type": "take_control"}) for viewer in viewers))
    assert sorted(answer["type"] for answer in answers) == ["ack", "error"]
    refused = next(answer for answer in answers if answer["type"] == "error")
    assert refused["code"] == "control_held"
    orders = [
        await viewer.ask(
            "v.messages.filter((m) => m.type === 'control_changed').map((m) => [m.seq, m.holder.viewerId])"
        )
        for viewer in viewers
    ]
    assert orders[0] == orders[1]
    assert len(orders[0]) == 1
    for viewer in viewers:
        await viewer.page.close()
    await server.cancel(run_id)
