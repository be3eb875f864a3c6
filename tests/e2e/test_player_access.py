"""The player without a mouse and without eyes: names, focus, contrast and what is announced."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.watch_page import WatchPage, watching
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOCUSED = """() => {
    const at = document.activeElement;
    if (at === null || at === document.body) return null;
    const name = at.ariaLabel || at.innerText || [...(at.labels ?? [])].map((label) => label.innerText).join(" ");
    const ringed = at.matches(".jp-track input") ? at.closest(".jp-track") : at;
    const { outlineStyle, outlineWidth } = getComputedStyle(ringed);
    return { what: at.outerHTML.slice(0, 80), name, ring: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
}"""
# What the live regions say that have been on the page since before.
ANNOUNCED = """() => {
    globalThis.announced = [];
    const kept = [...document.querySelectorAll("[role=status], [aria-live]")];
    for (const region of kept) {
        const options = { childList: true, characterData: true, subtree: true };
        new MutationObserver(() => announced.push(region.textContent)).observe(region, options);
    }
}"""


async def controls(viewer: WatchPage) -> list[dict[str, Any]]:
    """Every control that Tab reaches, from the first to the last."""
    reached: list[dict[str, Any]] = []
    for _ in range(60):
        await viewer.page.keyboard.press("Tab")
        at = await viewer.page.evaluate(FOCUSED)
        if at is None:
            break
        reached.append(at)
    return reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_run_is_steered_by_keys_alone_and_each_change_is_announced(
    server: Served, viewer_browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    steps: list[dict[str, Any]] = [{"type": "wait", "value": 50}, {"type": "navigate", "value": "/cart"}]
    run = await server.create({"url": "/", "steps": steps, "mode": "review"})
    await server.until(run["id"], lambda message: message["type"] == "step_proposed")
    async with watching(viewer_browser, server, run["id"], scheme=scheme) as viewer:
        await viewer.live("whep")
        await expect(viewer.button("Approve")).to_be_visible()
        reached = await controls(viewer)
        assert {"Pause", "Step", "Approve", "Skip", "Take control"} <= {at["name"].strip() for at in reached}
        assert [at for at in reached if not at["name"].strip() or not at["ring"]] == []
        assert await viewer.axe() == []
        await viewer.page.keyboard.press("?")
        await expect(viewer.page.get_by_role("dialog", name="Keys")).to_contain_text("Take control, or release it")
        assert await viewer.axe() == []
        await viewer.page.keyboard.press("Escape")
        await expect(viewer.page.get_by_role("dialog", name="Keys")).to_have_count(0)
        await viewer.page.evaluate(ANNOUNCED)
        await viewer.page.keyboard.press("a")
        await announced(viewer, "Waits for you: Go to /cart")
        await viewer.page.keyboard.press("t")
        await expect(viewer.page.locator('.jp-stage[data-held="me"]')).to_be_visible()
        await announced(viewer, "You have control")
        await announced(viewer, "Paused")
        assert await viewer.axe() == []
        await viewer.page.keyboard.press("Shift+Escape")
        await viewer.page.keyboard.press("Enter")
        await expect(viewer.page.locator(".jp-stage[data-held]")).to_have_count(0)
        await server.cancel(run["id"])
        await announced(viewer, "Cancelled")
        await expect(viewer.page.locator(".jp-outcome")).to_be_visible()
        assert await viewer.axe() == []


async def announced(viewer: WatchPage, text: str) -> None:
    said = "text => announced.some((said) => said.includes(text))"
    await viewer.page.wait_for_function(said, arg=text)
