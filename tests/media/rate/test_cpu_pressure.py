"""How long something waited for CPU, read as the kernel writes it."""

from pathlib import Path

import pytest

from media.rate.cpu_pressure import WINDOW_SECONDS, CpuPressure


def test_the_share_since_the_last_time(tmp_path: Path) -> None:
    file = tmp_path / "cpu"
    pressure = CpuPressure(file)
    file.write_text("some avg10=0.29 avg60=9.03 avg300=23.83 total=8000000\nfull avg10=0.00 total=5\n")
    assert pressure.share(10.0) is None
    assert pressure.share(10.0 + WINDOW_SECONDS / 2) is None
    file.write_text("some avg10=0.29 avg60=9.03 avg300=23.83 total=8500000\nfull avg10=0.00 total=5\n")
    assert pressure.share(12.0) == pytest.approx(0.25)
    file.write_text("some total=99500000")
    assert pressure.share(13.0) == 1.0


@pytest.mark.parametrize("text", [None, "", "some avg10=0.00 total=\n", "total=many"])
def test_a_kernel_that_does_not_tell(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "cpu"
    if text is not None:
        file.write_text(text)
    pressure = CpuPressure(file)
    assert [pressure.share(now) for now in (1.0, 2.0, 3.0)] == [None, None, None]
