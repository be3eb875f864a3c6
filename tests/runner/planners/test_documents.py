"""What docs/planners.md says of limits and test files is so."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from runner.planners.model import ModelOptions
from runner.testfile import load

DOCUMENT = (Path(__file__).parents[3] / "docs" / "planners.md").read_text(encoding="utf-8")
NOT_LIMITS = {"model", "base_url", "api_key"}


def test_limits_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", DOCUMENT.partition("| Option |")[2], re.MULTILINE))
    assert rows == {field.name: str(field.default) for field in fields(ModelOptions) if field.name not in NOT_LIMITS}


def test_the_test_file_can_be_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    file = tmp_path / "test.yaml"
    file.write_text(example)
    run = load(file, environment={"SHOP_PASSWORD": "hunter2"})
    assert (run.name, run.secrets) == ("Buy a mug", {"PASSWORD": "hunter2"})
