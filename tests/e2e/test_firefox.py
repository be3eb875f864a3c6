"""The player in a real Firefox: each way the picture comes, and the wheel in a person's hands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.reporting_page import BUTTON, FIELD, ReportingPage
from tests.e2e.watch_page import READ_TIMECODE
from tests.firefox import Firefox
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

_TIMECODE = (Path(__file__).parents[1] / "timecode.js").read_text()


async def live(firefox: Firefox, transport: str) -> None:
    """Until the picture comes that way."""
    await firefox.until(f"""!!document.querySelector('.jp-connection[data-transport="{transport}"]')""")


async def newer_picture(firefox: Firefox) -> None:
    """Until the picture shows a later moment than now."""
    read = f"(() => {{ {_TIMECODE}; return ({READ_TIMECODE})(); }})()"
    before = await firefox.until(read)
    await firefox.until(f"{read} > {before}")


async def press(firefox: Firefox, name: str) -> None:
    """A real press in the middle of the button that is called so."""
    box = await firefox.until(f"""(() => {{
        const named = [...document.querySelectorAll("button")].find((each) => each.textContent.trim() === "{name}");
        return named && !named.disabled && named.getBoundingClientRect().toJSON();
    }})()""")
    await firefox.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


async def click_in_picture(firefox: Firefox, at: tuple[int, int]) -> None:
    """At a pixel of the remote page, which is 1280 wide."""
    box = await firefox.ask("document.querySelector('.jp-frame').getBoundingClientRect().toJSON()")
    await firefox.click(box["x"] + at[0] * box["width"] / 1280, box["y"] + at[1] * box["height"] / 720)


async def choose(firefox: Firefox, transport: str) -> None:
    await firefox.ask(
        """[...document.querySelectorAll('[role=tab]')].find((tab) => tab.textContent === "Stats").click()"""
    )
    await firefox.until("!!document.querySelector('select')")
    await firefox.ask(f"""(() => {{
        const list = [...document.querySelectorAll("select")].find((each) =>
            [...each.options].some((option) => option.value === "{transport}"));
        list.value = "{transport}";
        list.dispatchEvent(new Event("change", {{ bubbles: true }}));
    }})()""")


async def test_every_rung_shows_the_page_itself(server: Served, firefox: Firefox) -> None:
    run_id = await server.start_watchable("/timecode.html?fps=10", seconds=120)
    await firefox.open(f"{server.api}/runs/{run_id}?token={server.key}")
    await live(firefox, "whep")
    await newer_picture(firefox)
    for transport in ("mjpeg", "polling"):
        await choose(firefox, transport)
        await live(firefox, transport)
        await newer_picture(firefox)
        await newer_picture(firefox)
    await server.cancel(run_id)


async def test_a_person_takes_the_wheel_over_the_data_channel(server: Served, firefox: Firefox) -> None:
    driven = ReportingPage()
    async with driven.site:
        run_id = await driven.waiting_run(server)
        await firefox.open(f"{server.api}/runs/{run_id}?token={server.key}")
        await live(firefox, "whep")
        await press(firefox, "Take control")
        await firefox.until("""!!document.querySelector('.jp-stage[data-held="me"]')""")
        await click_in_picture(firefox, FIELD)
        await firefox.type("Ada")
        await driven.until_it_says(text="Ada")
        await click_in_picture(firefox, BUTTON)
        await driven.until_it_says(tapped="mouse")
        await press(firefox, "Release control")
        await server.until(run_id, lambda message: message["type"] == "control_changed" and not message["holder"])
        steps = (await server.get(f"/api/tests/{run_id}"))["steps"]
        done = [(step["action"], step["value"]) for step in steps if step["source"] == "human"]
        assert done == [("type", "Ada"), ("click", None)]
        await server.cancel(run_id)
