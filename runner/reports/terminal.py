"""The report of a run in a terminal: one line for each step, as it happens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich import markup
from rich.console import Console

from control.protocol.models import RunStatus
from control.protocol.wording import counted, outcome, sentence
from control.visible import visible

_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[yellow]–[/]"}
_SOURCES = {"override": " [magenta](override)[/]", "human": " [cyan](by hand)[/]"}


class TerminalReport:
    """Prints what the messages of one run say; each finished step once."""

    def __init__(self, console: Console, *, attended: bool) -> None:
        """
        Args:
            console: where the lines are printed.
            attended: whether a run that is stuck waits for somebody.
        """
        self._console = console
        self._attended = attended
        self._printed: set[tuple[int, str, int]] = set()

    def show(self, message: dict[str, Any]) -> None:
        """Prints one server message, as docs/protocol.md describes them; passes over what is of no interest here."""
        match message["type"]:
            case "hello":
                for step in message["run"]["steps"]:
                    self._step(step)
            case "test_step":
                self._step(message["step"])
            case "help_needed" if self._attended:
                reason, until = escape(sentence(message["reason"])), _time(message["deadline"])
                self._line(f"[yellow]?[/] Needs help{until}: {reason}")
            case "instructions_updated":
                self._line(f"[magenta]✎[/] Instructions, version {message['version']}")
            case "control_changed":
                holder = message["holder"]
                self._line(
                    f"[cyan]☞[/] {escape(holder['name'])} has control" if holder else "[cyan]☞[/] Control released"
                )

    def finished(self, run: dict[str, Any]) -> None:
        """Prints the last line: how the run ended, and why."""
        status, failed_steps = RunStatus(run["status"]), run.get("failedSteps", 0)
        plain = {RunStatus.PASSED: "green", RunStatus.FAILED: "red"}.get(status, "yellow")
        colour = "yellow" if status is RunStatus.PASSED and failed_steps else plain
        reason = f": {escape(sentence(run['error']))}" if run["error"] else ""
        steps = counted(len(run["steps"]), "step")
        self._line(f"[bold {colour}]{outcome(status, failed_steps)}[/] {escape(run['name'])}, {steps}{reason}")

    def _step(self, step: dict[str, Any]) -> None:
        key = (step["stepNumber"], step["status"], step.get("attempts", 1))
        if step["status"] not in _MARKS or key in self._printed:
            return
        self._printed.add(key)
        took = f" [dim]{step['durationMs']} ms[/]" if step["durationMs"] is not None else ""
        self._line(
            f"{_MARKS[step['status']]} {step['stepNumber']:>3}  {escape(step['description'])}"
            f"{_SOURCES.get(step['source'], '')}{took}"
        )
        if step["error"]:
            colour = "red" if step["status"] == "failed" else "dim"
            self._line(f"       [{colour}]{escape(sentence(step['error']))}[/]")
        for said in step.get("pageSaid", ()):
            self._line(f"       [dim]{escape(sentence(said))}[/]")

    def _line(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


def escape(text: str) -> str:
    """Returns a page's words, or a person's, as they may be printed: neither markup nor the terminal obeys them."""
    return markup.escape(visible(text, indent=" " * 7))


def _time(deadline: str | None) -> str:
    """Returns until when help is waited for, as the clocks here show it."""
    return "" if deadline is None else f" until {datetime.fromisoformat(deadline).astimezone():%H:%M:%S}"
