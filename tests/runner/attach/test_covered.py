"""What a client's test types that nobody is to read, in the pictures of its run, and in its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from runner.attach.client_session import ClientSession
from tests.runner.attach.attached import Person, attached
from tests.runner.browser.driver_harness import WAIT_SECONDS
from tests.runner.browser.test_covered_fields import Pictures, has_box, is_legible

pytestmark = pytest.mark.browser

FORM = """<style>
body { margin: 0 } input { font: 30px monospace; width: 300px; border: 0; display: block } .read { background: #f0f }
</style>
<input aria-label=Password type=password>
<input aria-label=Key oninput="this.className = 'read'">
<button onclick="const [field] = document.querySelectorAll('input'); field.type = 'text'; field.className = 'read'">
Show</button>"""


async def test_a_password_that_was_typed_before_anybody_looked_is_covered(tmp_path: Path) -> None:
    async with attached(tmp_path) as client:
        _, page, session = await client.open()
        pictures = Pictures()
        await page.set_content(FORM)
        await page.get_by_label("Password").fill("Adelheid")
        assert session.stream is not None
        with session.stream.watch():
            looking = asyncio.create_task(look(session, pictures))
            await asyncio.wait_for(pictures.more(), WAIT_SECONDS)
            await page.get_by_role("button", name="Show").click()
            await pictures.until_covered()
            own = await page.screenshot(type="jpeg", quality=90)
            looking.cancel()
        assert pictures.legible() == 0
        assert is_legible(own)


async def look(session: ClientSession, pictures: Pictures) -> None:
    """Puts each picture of the run there, until it is cancelled."""
    assert session.stream is not None
    latest, seq = session.stream.latest, 0
    while True:
        frame = await latest.after(seq)
        seq = frame.seq
        pictures.put(frame.data, width=0, height=0, captured_at=0)


async def test_passwords_and_secrets_of_a_client_are_covered_and_its_own_screenshots_are_not(tmp_path: Path) -> None:
    async with attached(tmp_path, secrets={"KEY": "Adelheid"}) as client:
        _, page, session = await client.open()
        person, pictures = Person(session), Pictures()
        await page.set_content(FORM)
        assert session.stream is not None
        with session.stream.watch():
            looking = asyncio.create_task(look(session, pictures))
            await asyncio.wait_for(pictures.more(), WAIT_SECONDS)
            await page.get_by_label("Key").fill("Adelheid")
            await page.get_by_label("Password").fill("hunter22")
            await page.get_by_role("button", name="Show").click()
            await pictures.until_covered()
            own = await page.screenshot(type="jpeg", quality=90)
            looking.cancel()
        assert pictures.legible() == 0
        assert is_legible(own)
        assert not has_box(own)
        person.leave()
