"""The files for CI systems in `docs/ci.md`: they can be read, and what they have jumpseat do it does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_group

from jumpseat.cli import app

TEXT = (Path(__file__).parents[2] / "docs/ci.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"jumpseat run (tests/ (?:'[^']*' )?[^'\n]*)", TEXT)


def block(heading: str, language: str) -> str:
    """The file under that heading."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return section.split(f"```{language}\n")[1].split("```")[0]


def test_the_workflow_of_github_is_one() -> None:
    # YAML 1.1 has `on` for true.
    read: dict[Any, Any] = yaml.safe_load(block("GitHub Actions", "yaml"))
    assert read[True] == ["push", "pull_request"]
    (job,) = read["jobs"].values()
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    (kept,) = [step for step in job["steps"] if step.get("if") == "always()"]
    assert f"--output {kept['with']['path']}" in str(job["steps"])


def test_the_jobs_of_gitlab_are_some() -> None:
    (job,) = yaml.safe_load(block("GitLab", "yaml")).values()
    assert all(isinstance(line, str) for line in job["script"])
    assert f"--junit {job['artifacts']['reports']['junit']}" in job["script"][-1]
    assert job["artifacts"]["paths"] == ["results"]


def test_the_pipeline_of_jenkins_is_closed_everywhere() -> None:
    text = block("Jenkins", "groovy")
    bare = re.sub(r"'[^'\n]*'", "", text)
    assert "'" not in bare
    open_: list[str] = []
    for sign in re.findall(r"[][(){}]", bare):
        if sign in "([{":
            open_.append(sign)
        else:
            assert open_.pop() + sign in {"()", "[]", "{}"}
    assert open_ == []
    assert re.findall(r"^  (\w+) \{", text, re.MULTILINE) == ["agent", "environment", "stages", "post"]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_jumpseat_takes_what_they_say(arguments: str) -> None:
    command = get_group(app).get_command(None, "run")  # type: ignore[arg-type]
    assert command is not None
    given = command.make_context("run", shlex.split(arguments)).params
    assert given["workers"] >= 2
    assert (given["retries"], str(given["junit"]), str(given["output"])) == (1, "report.xml", "results")


def test_each_system_has_its_command() -> None:
    assert len(COMMANDS) == 4
