import subprocess
import sys
from pathlib import Path

import pytest

from runner.browser.install import BrowserMissing, find_browser, install_browser

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]


class Machine:
    """A machine with only the commands that a test puts on it; each writes how it was called to `calls`."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "calls"
        self.log.touch()
        self.said: list[str] = []

    def add(self, name: str, body: str = "exit 0") -> Path:
        command = self.bin / name
        command.write_text(f'#!/bin/sh\nprintf "%s %s\\n" {name} "$*" >> {self.log}\n{body}\n')
        command.chmod(0o755)
        return command

    def add_apt(self, body: str) -> None:
        """apt-get, and a sudo without a password for tests that do not run as root."""
        self.add("sudo", 'shift\n[ "$1" = true ] || exec "$@"')
        self.add("apt-get", body)

    def calls(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if not line.startswith("sudo")]

    def install(self) -> Path | None:
        return install_browser(say=self.said.append, scripts=self.bin)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    return made


def installs(name: str, browser: str) -> str:
    """A shell line: `name install` puts a command `chromium` with the body `browser` beside itself."""
    put = f"printf '#!/bin/sh\\n{browser}\\n' > ${{0%/*}}/chromium && /bin/chmod 755 ${{0%/*}}/chromium"
    return f'case "$1" in install) {put};; esac'


def test_the_named_browser_comes_first(machine: Machine) -> None:
    machine.add("google-chrome")
    named = machine.add("my-browser")
    assert find_browser(str(named)) == named


def test_a_named_browser_that_cannot_be_executed_is_an_error(machine: Machine, tmp_path: Path) -> None:
    machine.add("google-chrome")
    plain = tmp_path / "readme"
    plain.write_text("no program")
    for wrong in (str(plain), str(tmp_path), str(tmp_path / "nothing")):
        with pytest.raises(BrowserMissing, match="JUMPSEAT_BROWSER_PATH"):
            find_browser(wrong)


@pytest.mark.parametrize("name", ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "msedge"])
def test_an_installed_browser_is_found_by_name(machine: Machine, name: str) -> None:
    browser = machine.add(name)
    assert find_browser() == browser


def test_chrome_is_taken_before_chromium(machine: Machine) -> None:
    machine.add("chromium")
    chrome = machine.add("google-chrome")
    assert find_browser() == chrome


def test_an_application_off_the_path_is_found(machine: Machine, tmp_path: Path) -> None:
    application = tmp_path / "Google Chrome"
    application.write_text("#!/bin/sh\n")
    application.chmod(0o755)
    assert find_browser(places=[str(tmp_path / "not there"), str(application)]) == application


def test_nothing_is_found_on_an_empty_machine(machine: Machine) -> None:
    assert find_browser(places=[]) is None
    assert find_browser("", places=[]) is None


@pytest.mark.process
def test_playwrights_own_build_is_installed_and_started(machine: Machine) -> None:
    machine.add("playwright")
    machine.add_apt("exit 0")
    assert machine.install() is None
    installed, started = machine.calls()
    assert installed == "playwright install --no-progress chromium"
    assert started.startswith("playwright screenshot --browser chromium about:blank ")


@pytest.mark.process
@pytest.mark.parametrize("broken", ["install", "screenshot"])
def test_the_package_is_taken_where_playwrights_build_fails(machine: Machine, broken: str) -> None:
    machine.add("playwright", f'[ "$1" != {broken} ]')
    machine.add_apt(installs("apt-get", "exit 0"))
    assert machine.install() == machine.bin / "chromium"
    updated, installed = machine.calls()[-2:]
    assert updated == "apt-get update"
    assert installed.startswith("apt-get install --yes --no-install-recommends chromium")


@pytest.mark.process
def test_a_failed_update_does_not_stop_the_package(machine: Machine) -> None:
    machine.add_apt('[ "$1" != update ] || exit 100\n' + installs("apt-get", "exit 0"))
    assert machine.install() == machine.bin / "chromium"


@pytest.mark.process
@pytest.mark.parametrize("apt", [None, "exit 100", installs("apt-get", "exit 127")])
def test_no_way_to_a_browser_is_one_clear_line(machine: Machine, apt: str | None) -> None:
    if apt is not None:
        machine.add_apt(apt)
    with pytest.raises(BrowserMissing) as raised:
        machine.install()
    assert "JUMPSEAT_BROWSER_PATH" in str(raised.value)
    assert "\n" not in str(raised.value)


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runner.browser.install", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_prints_where_the_browser_is(machine: Machine) -> None:
    browser = machine.add("chromium")
    ended = run_command()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{browser}\n", "")


def test_the_command_fails_with_one_line(machine: Machine) -> None:
    ended = run_command("--path", "/not/there")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert "/not/there" in ended.stderr
