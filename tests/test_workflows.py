"""The workflows: least rights, bounded in time, and nothing run that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
MAJOR = re.compile(r"^actions/[a-z-]+@v\d+$")


def read(path: Path) -> dict[str, Any]:
    # YAML 1.1 has `on` for true.
    return {"on" if key is True else key: value for key, value in yaml.safe_load(path.read_text()).items()}


def jobs() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{path.stem}: {name}", job) for path in WORKFLOWS for name, job in read(path)["jobs"].items()]


def commands() -> list[str]:
    lines = [step["run"] for _, job in jobs() for step in job["steps"] if "run" in step]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    return [*lines, *(hook["entry"] for hook in hooks)]


def test_all_are_there() -> None:
    assert [path.stem for path in WORKFLOWS] == ["browser", "e2e", "nightly", "quality", "unit"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_and_gives_way_to_its_successor(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "github.ref" in workflow["concurrency"]["group"]
    assert set(workflow["on"]) <= {"push", "pull_request", "schedule", "workflow_dispatch"}


@pytest.mark.parametrize(("name", "job"), jobs(), ids=[name for name, _ in jobs()])
def test_a_job_is_bounded_and_uses_pinned_actions(name: str, job: dict[str, Any]) -> None:
    assert 0 < job["timeout-minutes"] <= 90
    assert job["runs-on"] == "ubuntu-24.04"
    assert "permissions" not in job
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [action for action in used if not MAJOR.match(action)] == []
    checkout = next(step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["persist-credentials"] is False


def test_units_run_on_every_python_that_is_supported() -> None:
    matrix = dict(jobs())["unit: python"]["strategy"]["matrix"]["python"]
    assert matrix == ["3.11", "3.12", "3.13", "3.14"]
    assert f'requires-python = ">={matrix[0]}"' in (ROOT / "pyproject.toml").read_text()


def test_every_make_target_and_marker_in_use_is_there() -> None:
    text = "\n".join(commands())
    targets = set(re.findall(r"\bmake ([\w./-]+)", text))
    makefile = (ROOT / "Makefile").read_text().replace("$(INSTALLED)", ".venv/.installed")
    assert {target for target in targets if not re.search(rf"^{re.escape(target)}:", makefile, re.M)} == set()
    markers = {name for each in re.findall(r'-m ("[^"]+"|\w+)', text) for name in re.findall(r"\w+", each)}
    known = set(re.findall(r'^    "(\w+):', (ROOT / "pyproject.toml").read_text(), re.M))
    assert markers - {"and", "not", "or", "pytest", "venv"} <= known
    assert [
        path for path in re.findall(r"(?<![\w/.-])(?:tests|\.ci)/[\w./-]+", text) if not (ROOT / path).exists()
    ] == []


@pytest.mark.parametrize("path", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem)
def test_an_issue_form_has_what_forms_need(path: Path) -> None:
    form = read(path)
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)
