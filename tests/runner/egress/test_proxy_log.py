"""What pages are kept from is told in the log of the run that it happened in."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from control.protocol.models import RunStatus
from tests.fakes import FakePlanner
from tests.runner.session_harness import session_harness


async def test_a_refusal_is_a_warning_that_names_the_run_and_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with session_harness(tmp_path, FakePlanner(), secrets={"HOST": "inner-host"}) as harness:
        harness.start()
        await harness.until_status(RunStatus.PASSED)
        harness.driver.on_refused("the page was kept from inner-host port 80: 10.0.0.5 is a private address")
    (line,) = [record for record in caplog.records if "kept from" in record.getMessage()]
    assert line.levelno == logging.WARNING
    assert line.getMessage().startswith("[run run-1] the page was kept from ••")
    assert "inner-host" not in caplog.text
