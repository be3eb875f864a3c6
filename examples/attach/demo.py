"""`make demo-attach`: `jumpseat attach` on the two suites beside this file, over the embedded sample shop.

They are copied into a folder of their own, with an environment as anybody's tests have: nothing of jumpseat is in it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.attach.environments import EnvironmentMissing, node_environment, python_environment
from web.shop import serving_shop

SUITES = Path(__file__).parent
FILES = ("test_shop.py", "pytest.ini", "shop.spec.ts", "playwright.config.ts", "both.sh")


async def main(flags: Sequence[str]) -> int:
    """Returns the exit code of `jumpseat attach` with these flags."""
    print("getting pytest-playwright and Playwright Test, once", file=sys.stderr)
    try:
        python = python_environment()
        node = node_environment() / "node_modules" if shutil.which("npx") else None
    except (EnvironmentMissing, OSError) as error:
        print(f"demo-attach: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="jumpseat-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for file in FILES:
            shutil.copy(SUITES / file, folder)
        if node is not None:
            (folder / "node_modules").symlink_to(node)
        async with serving_shop() as shop:
            path = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
            variables = os.environ | {"SHOP_URL": shop, "PATH": path}
            command = (sys.executable, "-m", "jumpseat", "attach", *flags, "--", "sh", "both.sh")
            process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=variables)
            loop = asyncio.get_running_loop()
            # The terminal sends Ctrl-C to the command, too, which ends in order.
            loop.add_signal_handler(signal.SIGINT, lambda: None)
            loop.add_signal_handler(signal.SIGTERM, process.terminate)
            return await process.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:] or ["--watch"])))
