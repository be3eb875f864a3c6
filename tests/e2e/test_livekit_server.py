import os
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from livekit import api

from tests.livekit_server import VERSION, BuildFailed, LiveKitServer, ServerMissing, find_or_build

ROOT = Path(__file__).parents[2]


async def room_names(server: LiveKitServer, *, secret: str | None = None) -> list[str]:
    async with api.LiveKitAPI(server.http_url, server.key, secret or server.secret) as livekit:
        listed = await livekit.room.list_rooms(api.ListRoomsRequest())
    return [room.name for room in listed.rooms]


async def create_room(server: LiveKitServer, name: str) -> None:
    async with api.LiveKitAPI(server.http_url, server.key, server.secret) as livekit:
        await livekit.room.create_room(api.CreateRoomRequest(name=name))


async def test_the_server_keeps_rooms(livekit_server: LiveKitServer) -> None:
    assert await room_names(livekit_server) == []
    await create_room(livekit_server, "jumpseat-1")
    assert await room_names(livekit_server) == ["jumpseat-1"]


async def test_a_wrong_secret_is_refused(livekit_server: LiveKitServer) -> None:
    with pytest.raises(api.TwirpError) as raised:
        await room_names(livekit_server, secret="w" * 40)
    assert raised.value.status == 401


async def test_a_restart_keeps_the_address_and_forgets_the_rooms(livekit_server: LiveKitServer) -> None:
    before = livekit_server.pid
    await create_room(livekit_server, "jumpseat-1")
    await livekit_server.restart()
    assert livekit_server.pid != before
    assert await room_names(livekit_server) == []


async def test_stop_ends_the_process_and_may_be_repeated(livekit_server: LiveKitServer) -> None:
    pid = livekit_server.pid
    assert pid is not None
    await create_room(livekit_server, "jumpseat-1")
    await livekit_server.stop()
    await livekit_server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(aiohttp.ClientError):
        await room_names(livekit_server)
    assert "starting LiveKit server" in livekit_server.log.read_text()


async def test_two_servers_run_side_by_side(
    livekit_server: LiveKitServer, livekit_executable: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with LiveKitServer(livekit_executable, tmp_path_factory.mktemp("second")) as second:
        await create_room(second, "there")
        assert await room_names(livekit_server) == []
        assert await room_names(second) == ["there"]


@pytest.mark.livekit
@pytest.mark.process
async def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    broken = executable(tmp_path / "broken", "echo no licence; exit 3")
    with pytest.raises(RuntimeError, match="code 3: no licence"):
        await LiveKitServer(broken, tmp_path).start()


def executable(file: Path, body: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    commands = tmp_path / "bin"
    commands.mkdir()
    monkeypatch.setenv("PATH", str(commands))
    return commands


@pytest.mark.process
def test_the_named_server_comes_first(machine: Path, tmp_path: Path) -> None:
    executable(machine / "livekit-server", "exit 0")
    named = executable(tmp_path / "mine", "exit 0")
    assert find_or_build(str(named), cache=tmp_path) == named
    with pytest.raises(BuildFailed, match="JUMPSEAT_LIVEKIT_SERVER"):
        find_or_build(str(tmp_path / "nothing"), cache=tmp_path)


@pytest.mark.process
def test_an_installed_server_is_found(machine: Path, tmp_path: Path) -> None:
    installed = executable(machine / "livekit-server", "exit 0")
    assert find_or_build(None, cache=tmp_path) == installed


@pytest.mark.process
def test_without_server_and_go_the_reason_is_one_line(machine: Path, tmp_path: Path) -> None:
    with pytest.raises(ServerMissing) as raised:
        find_or_build(None, cache=tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.process
def test_a_build_that_fails_leaves_nothing_that_looks_like_a_server(machine: Path, tmp_path: Path) -> None:
    executable(machine / "go", "echo half > $GOBIN/server; echo first >&2; echo requires go 1.99 >&2; exit 1")
    for _ in range(2):
        with pytest.raises(BuildFailed, match=r"requires go 1\.99"):
            find_or_build(None, cache=tmp_path)


@pytest.mark.process
def test_of_many_processes_one_builds(machine: Path, tmp_path: Path) -> None:
    go = f'echo "$CGO_ENABLED $GOTOOLCHAIN $*" >> {tmp_path}/builds; echo "#!/bin/sh" > $GOBIN/server'
    executable(machine / "go", f"{go}; /bin/chmod 755 $GOBIN/server")
    code = (
        "import pathlib, sys, tests.livekit_server as l; print(l.find_or_build(None, cache=pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    places = {process.communicate(timeout=60)[0].strip() for process in running}
    assert places == {str(tmp_path / f"livekit-server-{VERSION}" / "livekit-server")}
    built = (tmp_path / "builds").read_text().splitlines()
    assert built == [f"0 local install github.com/livekit/livekit-server/cmd/server@{VERSION}"]
