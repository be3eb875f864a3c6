"""The compose file as text: no container engine is needed to see that its settings exist and are explained."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from jumpseat.settings import Settings, environment_name
from signaling.metrics import Metrics
from tests.livekit_server import VERSION

DEPLOY = Path(__file__).parents[1] / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text()


@pytest.fixture
def services() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(TEXT)["services"]
    return parsed


def test_every_setting_given_to_jumpseat_exists(services: dict[str, Any]) -> None:
    assert set(services["jumpseat"]["environment"]) <= {environment_name(field) for field in Settings.model_fields}


def test_every_variable_is_in_the_example_and_no_other() -> None:
    asked = set(re.findall(r"\$\{(\w+)", TEXT))
    assert asked == set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))


def test_livekit_is_the_version_that_is_tested(services: dict[str, Any]) -> None:
    assert services["livekit"]["image"].endswith(f":{VERSION}")


def test_jumpseat_knows_livekits_port(services: dict[str, Any]) -> None:
    port = yaml.safe_load((DEPLOY / "livekit.yaml").read_text())["port"]
    assert services["jumpseat"]["environment"]["LIVEKIT_URL"].endswith(f":{port}")


async def test_every_figure_in_the_alerts_exists() -> None:
    rules = [
        rule for group in yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
    ]
    asked = {name for rule in rules for name in re.findall(r"\b(?:jumpseat|process)_\w+\b", rule["expr"])}
    families = list(Metrics().registry.collect())
    exposed = {family.name + ending for family in families for ending in ("", "_total", "_sum", "_count", "_bucket")}
    assert len(asked) >= 8
    assert asked <= exposed


async def test_every_figure_is_explained() -> None:
    families = [family.name for family in Metrics().registry.collect() if family.name.startswith("jumpseat_")]
    explained = (DEPLOY.parent / "docs" / "operating.md").read_text()
    assert [name for name in families if f"`{name}" not in explained] == []
