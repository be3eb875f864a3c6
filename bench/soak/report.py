"""What a soak has done, and what of it did not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Run:
    """One run that was started."""

    wanted: str
    """The status that it has to end with."""
    ended: str | None = None
    """The one that it was told to have ended with."""


@dataclass(slots=True)
class SoakReport:
    """Counts, and sentences about everything that is not as it should be."""

    runs: dict[str, Run] = field(default_factory=dict)
    viewers: Counter[str] = field(default_factory=Counter)
    """Those that saw or heard something, by what they came by."""
    late: Counter[str] = field(default_factory=Counter)
    """Those whose run was over before they had come."""
    faults: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    """Faults after which the server answered, and whatever they were not aimed at went on."""
    lost: list[str] = field(default_factory=list)

    def lose(self, what: str) -> None:
        self.lost.append(what)

    def end(self, run_id: str, told: Iterable[str], kept: str) -> None:
        """The run is over: what its viewers were told, and what the API says."""
        run, ends = self.runs[run_id], list(told)
        run.ended = ends[-1] if ends else None
        if len(ends) != 1:
            self.lose(f"run {run_id} was told to have ended {len(ends)} times: {ends}")
        if run.ended != kept:
            self.lose(f"run {run_id} was told to be {run.ended}, and the API says {kept}")
        if kept != run.wanted:
            self.lose(f"run {run_id} is {kept}, and nothing that happened to it makes it other than {run.wanted}")

    def compare(self, run_id: str, stored: str) -> None:
        """What another server process finds in the store."""
        if stored != self.runs[run_id].ended:
            self.lose(f"run {run_id} ended {self.runs[run_id].ended}, and the store says {stored}")

    def close(self) -> None:
        """No more will come."""
        for run_id, run in self.runs.items():
            if run.ended is None:
                self.lose(f"run {run_id} has no end")
        for fault, count in (self.faults - self.survived).items():
            self.lose(f"{fault}: {count} of {self.faults[fault]} were not survived")


def tracebacks(log: Path) -> list[str]:
    """One sentence for each traceback: faults that are expected are one line each."""
    lines = log.read_text(errors="replace").splitlines()
    begun = (at for at, line in enumerate(lines) if line.startswith("Traceback"))
    return [f"a traceback in the server's log: {lines[max(0, at - 1)]}" for at in begun]
