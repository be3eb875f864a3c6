"""The compose file as text and the profile of the kernel's calls at work: no container engine is needed for either."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jumpseat.settings import Settings, environment_name
from signaling.metrics import Metrics
from tests.chromium import browser_path
from tests.livekit_server import VERSION
from tests.sources import pinned_versions

DEPLOY = Path(__file__).parents[1] / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text()
CLONE_NEWUSER = 0x10000000
"""Linux's flag; Python knows it from 3.12 on."""


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


def test_each_service_may_do_as_little_as_it_can(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
        assert "unconfined" not in str(service)
        assert not service.get("privileged")


def test_jumpseat_listens_on_the_machine_alone_unless_asked(services: dict[str, Any]) -> None:
    assert services["jumpseat"]["environment"]["JUMPSEAT_HOST"] == "${JUMPSEAT_HOST:-127.0.0.1}"


def test_the_image_installs_by_hashes_what_is_tested() -> None:
    hashed = re.compile(r"^([\w.-]+)==([^\s;]+).*\\\n    --hash=sha256:", re.MULTILINE)
    wanted = dict(hashed.findall((DEPLOY / "requirements.txt").read_text()))
    assert {"aiohttp", "livekit", "pydantic-ai-slim"} <= wanted.keys()
    assert wanted.items() <= pinned_versions().items()
    assert dict(hashed.findall((DEPLOY.parent / "constraints.txt").read_text())) == pinned_versions()


def under(profile: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs the command under the profile, not as root."""
    launcher = [sys.executable, "-m", "tests.seccomp_launcher", str(profile)]
    return subprocess.run(
        [*launcher, *command], cwd=DEPLOY.parent, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
class TestProfile:
    """`deploy/seccomp.json`, on Chromium itself."""

    @pytest.fixture
    def dump(self) -> Iterator[tuple[str, ...]]:
        browser = browser_path()
        if browser is None:
            pytest.skip("Playwright's own browsers are in a folder of this user alone")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            Path(home).chmod(0o777)
            flags = ("--headless", "--disable-background-networking", f"--user-data-dir={home}/profile")
            yield (str(browser), *flags, "--dump-dom", "data:text/html,<p>shown")

    def test_chromium_starts_with_its_sandbox(self, dump: tuple[str, ...]) -> None:
        done = under(DEPLOY / "seccomp.json", *dump)
        assert "<p>shown</p>" in done.stdout, done.stderr

    def test_it_is_its_line_about_namespaces_that_lets_it(self, dump: tuple[str, ...], tmp_path: Path) -> None:
        profile = json.loads((DEPLOY / "seccomp.json").read_text())
        (namespaces,) = [rule for rule in profile["syscalls"] if "unshare" in rule["names"]]
        namespaces["args"][0]["value"] |= CLONE_NEWUSER
        (tmp_path / "strict.json").write_text(json.dumps(profile))
        done = under(tmp_path / "strict.json", *dump)
        assert "No usable sandbox" in done.stderr
        assert "shown" not in done.stdout

    def test_other_namespaces_and_mounts_are_refused(self) -> None:
        unshare = shutil.which("unshare")
        assert unshare is not None
        assert under(DEPLOY / "seccomp.json", unshare, "--user", "true").returncode == 0
        for kind in ("--mount", "--uts", "--ipc", "--cgroup"):
            done = under(DEPLOY / "seccomp.json", unshare, "--user", kind, "true")
            assert done.returncode != 0, kind
            assert "not permitted" in done.stderr
