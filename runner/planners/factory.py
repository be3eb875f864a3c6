"""The factory that makes a run's planner by its name."""

from __future__ import annotations

from importlib.util import find_spec

from control.errors import Unsupported
from control.protocol.models import NewRun, PlannerName, secret_values
from control.secrets import Secrets
from control.user_info import without_literal_user_info
from runner.planners.base import Planner
from runner.planners.model import INSTALL, ModelOptions, ModelPlanner
from runner.planners.plain import PlainPlanner
from runner.planners.script import ScriptPlanner

_LONGEST_LOOK_MS = 5_000
"""The longest that a proposal waits for its element, in ms; the step itself waits for what comes later."""


def build_planner(name: PlannerName, spec: NewRun, *, model: ModelOptions | None = None) -> Planner:
    """Returns a new planner for one run. Raises Unsupported where it lacks a setting or a package."""
    match name:
        case "script":
            return ScriptPlanner(spec.steps or ())
        case "plain":
            return PlainPlanner(wait_ms=min(_LONGEST_LOOK_MS, spec.step_timeout_ms // 2))
        case "model":
            if model is None:
                raise Unsupported("no model is set: set JUMPSEAT_MODEL to provider:name, for example openai:gpt-5")
            if find_spec("pydantic_ai") is None:
                raise Unsupported(INSTALL)
            secrets = Secrets(secret_values(spec.secrets))
            return ModelPlanner(model, mask=lambda text: secrets.mask(without_literal_user_info(text)))
        case "attached":
            raise Unsupported("an attached run is begun by its client: run the test with 'jumpseat attach'")
