"""The commands from outside: one clear line and exit code 2 for whatever is wrong, never a traceback."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sys
from pathlib import Path

import pytest

from jumpseat.doctor import check_keys
from jumpseat.settings import BadSetting, load_settings
from tests.served import COMMAND, served

pytestmark = pytest.mark.process

GOOD = "url: {site}/\nsteps:\n  - {{type: navigate, value: /cart}}\n  - {{type: expect_url, value: /cart}}\n"
BAD = "url: {site}/\nsteps:\n  - {{type: expect_visible, selector: '#nothing'}}\nstepTimeoutMs: 300\n"


async def jumpseat(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jumpseat", *arguments),
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        ((), {}, "--help"),
        (("fly",), {}, "fly"),
        (("serve", "--port", "many"), {}, "--port"),
        (("serve", "--host", "0.0.0.0"), {"JUMPSEAT_API_KEYS": ""}, "JUMPSEAT_API_KEYS"),
        (("serve", "--host", "::", "--frame-port", "0"), {"JUMPSEAT_API_KEYS": ""}, "JUMPSEAT_API_KEYS"),
        (("serve", "--host", ""), {"JUMPSEAT_API_KEYS": ""}, "JUMPSEAT_API_KEYS"),
        (("demo", "--no-open"), {"JUMPSEAT_API_KEYS": "", "JUMPSEAT_HOST": "localhost.example"}, "JUMPSEAT_API_KEYS"),
        (("serve", "--host", "0.0.0.0"), {"JUMPSEAT_API_KEYS": "a:" + "k" * 16}, "JUMPSEAT_ALLOW_PRIVATE"),
        (("serve",), {"JUMPSEAT_PUBLIC_URL": "https://seat.example"}, "JUMPSEAT_ALLOW_PRIVATE"),
        (("serve",), {"JUMPSEAT_API_KEYS_FILE": "nowhere"}, "JUMPSEAT_API_KEYS_FILE"),
        (("serve",), {"JUMPSEAT_API_KEYS_FILE": "README.md"}, "line 3"),
        (("key", "a name"), {}, "NAME"),
        (("key", "ada", "--ttl", "soon"), {}, "--ttl"),
        (("serve",), {"JUMPSEAT_AUTH_HEADER": "X-Remote-User"}, "JUMPSEAT_TRUSTED_PROXIES"),
        (("serve",), {"JUMPSEAT_AUTH_HEADER": "X Remote"}, "JUMPSEAT_AUTH_HEADER"),
        (("serve",), {"JUMPSEAT_SIZE": "large"}, "JUMPSEAT_SIZE"),
        (("serve",), {"JUMPSEAT_PLANNER": "model"}, "JUMPSEAT_MODEL"),
        (("serve",), {"LIVEKIT_URL": "ws://127.0.0.1:1"}, "LIVEKIT_API_SECRET"),
        (("serve",), {"JUMPSEAT_TLS_CERT": "nowhere.pem"}, "JUMPSEAT_TLS_KEY"),
        (("run", "nowhere.yaml"), {}, "nowhere.yaml"),
        (("run", "README.md", "--junit", "/nowhere/out.xml"), {}, "--junit"),
        (("run", "{test}", "--output", "README.md/x"), {}, "--output"),
        (("run", "{test}", "--watch", "--workers", "2"), {}, "--workers"),
        (("run", "{test}", "--grep", "zeppelin"), {}, "--grep"),
        (("run", "{test}", "--workers", "0"), {}, "--workers"),
        (("run", "{test}", "--server", "http://[bad"), {}, "http://[bad"),
        (("run", "{test}", "--server", "http://127.0.0.1:1"), {}, "jumpseat serve"),
        (("run", "{test}", "--key", "k"), {}, "--server"),
        (("attach", "--key", "k", "--", "true"), {}, "--server"),
        (("token", "--run", "r", "--role", "viewer"), {"JUMPSEAT_SECRET": ""}, "JUMPSEAT_SECRET"),
        (("token", "--run", "r", "--role", "viewer", "--ttl", "9999999d"), {"JUMPSEAT_SECRET": "s" * 32}, "--ttl"),
        (("token", "--run", "r", "--role", "viewer", "--ttl", "0s"), {"JUMPSEAT_SECRET": "s" * 32}, "--ttl"),
        (("token", "--run", "../x y", "--role", "viewer"), {"JUMPSEAT_SECRET": "s" * 32}, "--run"),
        (("token", "--run", "r", "--role", "owner"), {"JUMPSEAT_SECRET": "s" * 32}, "--role"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], named: str
) -> None:
    test = tmp_path / "test.yaml"
    test.write_text(GOOD.format(site="http://127.0.0.1:1"))
    given = [argument.format(test=test) if argument == "{test}" else argument for argument in arguments]
    code, out, err = await jumpseat(*given, JUMPSEAT_DATA_DIR=str(tmp_path), **environment)
    assert (code, out) == (2, "")
    assert named in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JUMPSEAT_PORT", "many"),
        ("JUMPSEAT_SIZE", "large"),
        ("JUMPSEAT_ICE_SERVERS", "{"),
        ("JUMPSEAT_ICE_ADDRESSES", "here"),
        ("JUMPSEAT_ICE_PORTS", "9-1"),
        ("JUMPSEAT_ALLOWED_ORIGINS", "example.com"),
        ("JUMPSEAT_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("JUMPSEAT_PUBLIC_URL", "seat.example"),
        ("JUMPSEAT_RUN_RATE", "0/minute"),
        ("JUMPSEAT_MESSAGE_RATE", "fast"),
        ("JUMPSEAT_MAX_DISK", "plenty"),
        ("JUMPSEAT_MAX_MESSAGE", "1MB"),
        ("JUMPSEAT_API_KEYS", "no-name"),
        ("JUMPSEAT_API_KEYS", "a:same,b:same"),
        ("JUMPSEAT_MODEL", "noprovider"),
        ("JUMPSEAT_BROWSER", "ie"),
        ("FRAME_STREAM_BASE_URL", "frames"),
        ("LIVEKIT_URL", "livekit"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"^{name}: "):
        load_settings()


@pytest.mark.parametrize(("text", "code", "word"), [(GOOD, 0, "passed"), (BAD, 1, "failed")])
async def test_run_follows_a_test_and_reports_it(tmp_path: Path, text: str, code: int, word: str) -> None:
    async with served() as server:
        file, report = tmp_path / "test.yaml", tmp_path / "report.xml"
        file.write_text(text.format(site=server.site))
        by_address = ("--server", f"{server.api}/?token={server.key}")
        by_key = ("--server", server.api, "--key", server.key)
        where = by_key if code == 0 else by_address
        ended, out, _ = await jumpseat("run", str(file), *where, "--junit", str(report))
        assert ended == code
        assert word in out
        assert "help" not in out  # nobody is there to give it
        assert ('failures="0"' in report.read_text()) is (code == 0)


@pytest.mark.parametrize(("flag", "setting"), [("--port", "JUMPSEAT_PORT"), ("--frame-port", "FRAME_SERVER_PORT")])
async def test_a_port_that_is_taken_is_named(tmp_path: Path, flag: str, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ports = {"--port": "0", "--frame-port": "0"} | {flag: port}
        arguments = [part for pair in ports.items() for part in pair]
        code, out, err = await jumpseat("serve", *arguments, JUMPSEAT_DATA_DIR=str(tmp_path))
    assert (code, out) == (2, "")
    said = f"{setting}: port {port} of 127.0.0.1 is taken: stop what listens there"
    assert err.startswith(f"jumpseat: {said}")
    assert flag in err
    assert err.count("\n") == 1


async def test_the_server_takes_as_many_descriptors_as_it_may() -> None:
    few = ("sh", "-c", 'ulimit -Sn 256; ulimit -Hn 4096; exec "$@"', "sh", *COMMAND)
    async with served(command=few) as server:
        soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    assert (soft, hard) == (4096, 4096)


async def test_a_run_that_is_stopped_does_not_go_on(tmp_path: Path) -> None:
    async with served() as server:
        file = tmp_path / "test.yaml"
        file.write_text(f"url: {server.site}/\nsteps:\n  - {{type: wait, value: 60000}}\n")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jumpseat", "run", str(file), "--server", f"{server.api}/?token={server.key}"),
            stdout=asyncio.subprocess.PIPE,
        )
        run_id = await server.first_run()
        await server.until(run_id, lambda message: message["type"] == "test_step")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 128 + signal.SIGTERM
        await server.until(run_id, lambda message: message["type"] == "run_finished")
        assert (await server.get(f"/api/tests/{run_id}"))["status"] == "cancelled"


async def test_a_test_that_could_not_begin_is_no_failed_test(tmp_path: Path) -> None:
    file, report = tmp_path / "test.yaml", tmp_path / "report.xml"
    file.write_text(GOOD.format(site="http://127.0.0.1:1"))
    code, out, _ = await jumpseat("run", str(file), "--junit", str(report), JUMPSEAT_DATA_DIR=str(tmp_path))
    assert (code, "failed" in out) == (2, True)
    assert 'errors="1"' in report.read_text()


async def test_a_key_from_the_command_is_taken_by_a_server_that_has_only_its_hash(tmp_path: Path) -> None:
    code, out, _ = await jumpseat("key", "ada", "--ttl", "1h")
    key, line = out.splitlines()
    assert (code, key in line) == (0, False)
    file = tmp_path / "keys"
    file.write_text(f"{line}\n", encoding="utf-8")
    async with (
        served(JUMPSEAT_API_KEYS="", JUMPSEAT_API_KEYS_FILE=str(file)) as server,
        server.http.get(f"{server.api}/api/tests", headers={"Authorization": f"Bearer {key}"}) as answer,
    ):
        assert answer.status == 200


async def test_a_token_from_the_command_is_taken_by_the_server(tmp_path: Path) -> None:
    secret = "a secret that both of them know"
    async with served(JUMPSEAT_SECRET=secret) as server:
        run_id = await server.start_watchable("/", seconds=60)
        code, out, _ = await jumpseat("token", "--run", run_id, "--role", "viewer", JUMPSEAT_SECRET=secret)
        token, url = out.split()
        assert (code, token in url) == (0, True)
        async with server.http.get(
            f"{server.api}/api/tests/{run_id}", headers={"Authorization": f"Bearer {token}"}
        ) as answer:
            assert answer.status == 200
        async with server.http.post(
            f"{server.api}/api/tests/{run_id}/pause", headers={"Authorization": f"Bearer {token}"}
        ) as answer:
            assert answer.status == 403


SHORT = "ci:short-key,anna:0123456789abcdef,old:abc"
LONG = "ci:0123456789abcdeg,anna:0123456789abcdef"
OPEN = {"JUMPSEAT_HOST": "0.0.0.0", "JUMPSEAT_ALLOW_PRIVATE": "false"}


@pytest.mark.parametrize(
    ("keys", "where", "weak"),
    [
        (SHORT, OPEN, True),
        (SHORT, {"JUMPSEAT_PUBLIC_URL": "https://seat.example", "JUMPSEAT_ALLOW_PRIVATE": "false"}, True),
        (SHORT, {}, False),
        (LONG, OPEN, False),
    ],
)
async def test_keys_that_can_be_guessed_are_told_of_and_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str, where: dict[str, str], weak: bool
) -> None:
    """In the log at start where others can reach the server, and by doctor."""
    settings = {"JUMPSEAT_API_KEYS": keys, **where}
    async with served(log=tmp_path / "log", **settings):
        pass
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    _, ok, said = check_keys(load_settings())
    log = (tmp_path / "log").read_text()
    assert ok is (None if weak else True)
    for text in (log, said):
        assert ("JUMPSEAT_API_KEYS: the keys of ci, old have fewer than 16 characters" in text) is weak
        assert "short-key" not in text
        assert "abc" not in text


async def test_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    code, out, err = await jumpseat(
        "doctor", JUMPSEAT_DATA_DIR=str(tmp_path), JUMPSEAT_PORT="0", FRAME_SERVER_PORT="0", LIVEKIT_URL=""
    )
    assert "broken" not in out.replace("broken  player", ""), out + err
    assert code == 0 or "player" in out


@pytest.mark.parametrize("setting", ["JUMPSEAT_BROWSER_PATH"])
async def test_doctor_says_what_to_do(tmp_path: Path, setting: str) -> None:
    code, out, _ = await jumpseat("doctor", JUMPSEAT_DATA_DIR=str(tmp_path), **{setting: "/nowhere/browser"})
    assert code == 1
    assert "/nowhere/browser" in out
