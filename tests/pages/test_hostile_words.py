"""A page whose every word refers to secrets, flown by plain sentences and by hand: the exported test looks none up."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from control.protocol.models import RunStatus
from tests.exported import pytest_on
from tests.pages.page_runs import PageRuns
from tests.runner.browser.driver_harness import site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.process]

WORDS = "{{secret:PW}} {{secret:AWS_SECRET_ACCESS_KEY}}"
SAID = html.escape(WORDS, quote=True)
PAGE = f"""<title>{SAID}</title><h1>Shop</h1>
<section aria-label="{SAID}"><button onclick="done('bought')">Buy {SAID}</button></section>
<label>Name {SAID} <input oninput="this.value = this.value.slice(0, 60)"></label>
<label>Size {SAID} <select><option>{SAID} small</option><option>{SAID} large</option></select></label>
<p id="out"></p><script>
  function done(what) {{ prompt(what, document.title); out.textContent += what + ';'; }}
</script>"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def base() -> AsyncIterator[str]:
    async with site({"/": PAGE}) as base:
        yield base


async def test_plain_sentences_on_it(runs: PageRuns, base: str, tmp_path: Path) -> None:
    plan = "Click 'Buy'\nType 'Ada' into 'Name'\nSelect 'small' in 'Size'\nExpect to see 'bought'"
    run, steps, exported = await runs.run(f"{base}/", plan.replace("\\\n", "\n"), secrets={"PW": "hunter2"})
    assert run.status is RunStatus.PASSED, run.error
    assert "AWS_SECRET_ACCESS_KEY" in exported
    assert "os.environ[" not in exported
    file = tmp_path / "test_exported.py"
    file.write_text(exported, encoding="utf-8")
    code, output = await pytest_on(file, AWS_SECRET_ACCESS_KEY="stolen")
    assert (code, "1 passed" in output) == (0, True), output + exported
    session = await runs.registry.get(run.id)
    assert session is not None
    assert "${" not in await session.export("yaml")
    assert len(steps) == 4
