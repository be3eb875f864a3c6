"""The exporter that writes a run as a file of Playwright Test, which passes without jumpseat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from control.errors import Unsupported
from control.protocol.models import RunView, Step, StepStatus
from runner.export.statements import environment_of, helpers_for, statements
from runner.export.typescript_code import typescript
from runner.export.typescript_helpers import HELPERS, SCRIPTS
from runner.selectors.to_typescript import text

_FORMAT: Final = "typescript"
_HEADER: Final = """\
{unchecked}// A browser test, exported from a run of jumpseat: what was planned, and what people did.
// Needs @playwright/test. JUMPSEAT_BROWSER_PATH names a browser to use in place of Playwright's own.{environment}
import {{ test, expect }} from '@playwright/test';
{imports}
const browser = process.env.JUMPSEAT_BROWSER_PATH;
if (browser)
  test.use({{
    launchOptions: async ({{ launchOptions }}, use) => use({{ ...launchOptions, executablePath: browser }}),
  }});
"""
_UNCHECKED: Final = "// @ts-nocheck: the scripts below are done in the page, and are plain JavaScript.\n"
_STEP_MS: Final = 60_000
"""More than the actions and expectations of one step may take altogether."""
_TYPES: Final = ("Download", "ElementHandle", "JSHandle", "Locator", "Page")


def export_typescript(run: RunView, steps: Sequence[Step], format: str) -> str:
    """Returns the text of a file for ``npx playwright test``: every step that passed, in order. Raises Unsupported."""
    if format != _FORMAT:
        raise Unsupported(f"a run cannot be exported as '{format}'; formats: {_FORMAT}")
    body = typescript(statements(run, steps))
    helpers = helpers_for(body, HELPERS)
    used = [name for name in _TYPES if any(re.search(rf"\b{name}\b", code) for code in helpers)]
    imports = f"import type {{ {', '.join(used)} }} from '@playwright/test';\n" if used else ""
    imports += "import path from 'node:path';\n" if any("path.join(" in line for line in body) else ""
    needed = environment_of(run, steps)
    head = _HEADER.format(
        unchecked=_UNCHECKED if any(script in helpers for script in SCRIPTS.values()) else "",
        environment=f"\n// {needed}" if needed else "",
        imports=imports,
    )
    passed = sum(step.status is StepStatus.PASSED for step in steps)
    limits = [f"test.setTimeout({(passed + 1) * _STEP_MS:_});", "page.setDefaultTimeout(30_000);"]
    lines = "".join(f"  {line}\n" for line in [*limits, *body])
    return "".join([head, *helpers, f"\ntest({text(run.name)}, async ({{ page }}) => {{\n", lines, "});\n"])
