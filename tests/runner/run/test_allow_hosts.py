"""The hosts that a run may reach are its owner's to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from control.protocol.models import NewRun
from tests.runner.session_harness import session_harness


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(None, None), ([], ("shop.test",)), (["*.cdn.test", "::1"], ("shop.test", "*.cdn.test", "::1"))],
)
async def test_they_and_the_start_urls_own_are_what_the_browser_reaches(
    tmp_path: Path, given: list[str] | None, wanted: tuple[str, ...] | None
) -> None:
    async with session_harness(tmp_path, allowHosts=given) as run:
        run.start()
        await run.finish()
        assert run.drivers.allowed == [wanted]
        assert run.session.creation().get("allowHosts") == given


@pytest.mark.parametrize("host", ["http://shop.test", "shop.test:80", "shop.test/path", "*", "*.", "a b", ""])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="is no host: give a name, an address"):
        NewRun(url="http://shop.test/", instructions="Buy it", allow_hosts=(host,))
