"""Whether this machine is short of CPU, by the kernel's own figures."""

from contextlib import suppress
from pathlib import Path

CPU = Path("/proc/pressure/cpu")
WINDOW_SECONDS = 0.2


class CpuPressure:
    """Reads how much of the time something that could run had to wait (Linux 4.20, Documentation/accounting/psi)."""

    def __init__(self, source: Path = CPU) -> None:
        self._source = source
        self._before: tuple[float, int] | None = None

    def share(self, now: float) -> float | None:
        """Returns the share since the last figure, 0 to 1; None before `WINDOW_SECONDS` have passed, or without PSI.

        Args:
            now: seconds of one steady clock.
        """
        if self._before is not None and now - self._before[0] < WINDOW_SECONDS:
            return None
        waited = self._waited()
        before, self._before = self._before, (now, waited or 0)
        if before is None or waited is None:
            return None
        return min(1.0, max(0.0, (waited - before[1]) / 1e6 / (now - before[0])))

    def _waited(self) -> int | None:
        """Returns microseconds since the machine was started."""
        with suppress(OSError, ValueError, IndexError):
            return int(self._source.read_text().partition("total=")[2].split()[0])
        return None
