"""Browsers play a run by WHEP as foreign clients have them do it: audio first, `max-bundle`, candidates one by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chromium import chromium
from tests.firefox import launched
from tests.packaged_programs import FIREFOX
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import gone
from tests.signaling.server_harness import ADA, ServerHarness

CLIENT = (Path(__file__).parents[2] / "trickling_whep.js").read_text()
PLAYS = "!!globalThis.played?.video && played.video.videoWidth > 0 && played.video.currentTime > 0"
PATCHED = "played.patches.length > 0"


def options(harness: ServerHarness, run: FakeRun) -> dict[str, str]:
    return {"url": f"{harness.url}/whep/{run.id}", "token": ADA}


@pytest.mark.browser
async def test_chromium_plays(harness: ServerHarness, run: FakeRun) -> None:
    async with chromium() as browser:
        page = await browser.new_page(bypass_csp=True)
        await page.goto(f"{harness.url}/healthz")
        await page.evaluate(f"{CLIENT}\n;undefined")
        await page.evaluate("options => playByTrickling(options)", options(harness, run))
        await page.wait_for_function(f"() => {PLAYS} && {PATCHED}", timeout=60_000)
        assert set(await page.evaluate("played.patches")) == {204}
        await page.close()
    await run.until(lambda: bool(run.left))
    await gone(harness, run)


@pytest.mark.process
async def test_firefox_plays_an_offer_whose_video_is_bundle_only(harness: ServerHarness, run: FakeRun) -> None:
    path = FIREFOX.find()
    if path is None:
        pytest.skip("no Firefox is installed (Debian: apt-get install firefox-esr)")
    async with launched(path) as firefox:
        await firefox.open(f"{harness.url}/docs")  # /healthz is JSON, which Firefox shows in a viewer of its own
        await firefox.ask(f"(() => {{ {CLIENT} }})()")
        await firefox.ask(f"playByTrickling({json.dumps(options(harness, run))})")
        offer = await firefox.ask("played.offer")
        assert "m=video 0 " in offer
        assert "a=bundle-only" in offer
        await firefox.until(f"{PLAYS} && {PATCHED}")
        assert set(await firefox.ask("played.patches")) == {204}
        await firefox.open("about:blank")
    await run.until(lambda: bool(run.left))
    await gone(harness, run)
