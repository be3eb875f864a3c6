"""Single sign-on by a proxy's header: through a real nginx that asks for a password, and past it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ipaddress
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from signaling.config import Network
from tests.packaged_programs import NGINX
from tests.served import WAIT_SECONDS, free_port
from tests.signaling.server_harness import ADA, CONFIG, ServerHarness, auth

HEADER = "X-Remote-User"
PROXY: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.2/32"),)
"""From where nginx asks; whoever else is on this machine has another address."""
SIGNED_ON = replace(CONFIG, auth_header=HEADER, trusted_proxies=PROXY)
PEOPLE = {"ada": "ada's password", "eve": "eve's password"}
NGINX_CONFIGURATION = """
pid {folder}/pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        auth_basic "jumpseat";
        auth_basic_user_file {folder}/people;
        location / {{
            proxy_pass {target};
            proxy_bind 127.0.0.2;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header Authorization "";
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $http_connection;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Remote-User $remote_user;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Proxied:
    """A server, and the address of nginx before it."""

    harness: ServerHarness
    url: str

    async def ask(self, method: str, path: str, person: str | None, **options: Any) -> tuple[int, Any]:  # noqa: ANN401
        headers = {**(options.pop("headers", {})), **(signed_in(person) if person else {})}
        async with self.harness.http.request(method, self.url + path, headers=headers, **options) as answer:
            return answer.status, await answer.json() if "json" in answer.content_type else None


def signed_in(person: str) -> dict[str, str]:
    """What a browser sends once the person has given the password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{person}:{PEOPLE[person]}".encode()).decode()}


def password_file() -> str:
    """As Apache's and nginx's ``{SHA}`` have it."""
    hashes = {name: base64.b64encode(hashlib.sha1(text.encode()).digest()).decode() for name, text in PEOPLE.items()}
    return "".join(f"{name}:{{SHA}}{each}\n" for name, each in hashes.items())


def write_configuration(folder: Path, port: int, target: str) -> None:
    (folder / "people").write_text(password_file())
    (folder / "nginx.conf").write_text(NGINX_CONFIGURATION.format(folder=folder, port=port, target=target))


@asynccontextmanager
async def nginx_before(target: str, folder: Path) -> AsyncIterator[str]:
    binary = NGINX.find()
    if binary is None:
        pytest.skip(f"no nginx is installed (Debian: apt-get install {NGINX.package})")
    port = free_port()
    write_configuration(folder, port, target)
    process = await asyncio.create_subprocess_exec(
        *(binary, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")),
        "-g",
        "user root; worker_processes 1;",
    )
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                try:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                except OSError:
                    assert process.returncode is None, (folder / "error.log").read_text()
                    await asyncio.sleep(0.05)  # nothing tells that it listens
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[Proxied]:
    async with ServerHarness(SIGNED_ON) as harness, nginx_before(harness.url, tmp_path) as url:
        yield Proxied(harness, url)


class TestBehindNginx:
    async def test_whoever_it_has_signed_in_owns_their_runs(self, proxied: Proxied) -> None:
        assert (await proxied.ask("GET", "/api/tests", None))[0] == 401
        status, run = await proxied.ask("POST", "/api/tests", "ada", json={"url": "http://a.test/"})
        assert status == 201
        path = f"/api/tests/{run['id']}"
        assert [(await proxied.ask("GET", path, person))[0] for person in ("ada", "eve")] == [200, 404]
        assert (await proxied.harness.call("GET", path, token=ADA))[0] == 200  # the key of the same name

    async def test_a_name_that_the_client_sends_means_nothing(self, proxied: Proxied) -> None:
        run = await proxied.harness.new_run(owner="ada")
        invented = {HEADER: "ada", "X-Remote_User": "ada"}
        assert (await proxied.ask("GET", f"/api/tests/{run.id}", "eve", headers=invented))[0] == 404

    async def test_the_one_who_has_control_is_told_by_name(self, proxied: Proxied) -> None:
        run = await proxied.harness.new_run(owner="ada")
        token = await proxied.harness.token(run, "controller")
        url = f"{proxied.url}/ws/test-control?runId={run.id}"
        async with (
            proxied.harness.http.ws_connect(url, headers=signed_in("ada")) as owner,
            proxied.harness.http.ws_connect(f"{url}&token={token}", headers=signed_in("eve")) as controller,
        ):
            assert (await owner.receive_json())["role"] == "owner"
            assert (await controller.receive_json())["role"] == "controller"
            await controller.send_json({"type": "take_control"})
            while (message := await owner.receive_json(timeout=WAIT_SECONDS))["type"] != "control_changed":
                pass
            assert message["holder"]["name"] == "eve"

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    async def test_a_page_of_elsewhere_cannot_use_a_persons_session(self, proxied: Proxied, site: str) -> None:
        run = await proxied.harness.new_run(owner="ada")
        headers = {"Sec-Fetch-Site": site}
        for method, path in (("GET", ""), ("POST", "/cancel")):
            assert (await proxied.ask(method, f"/api/tests/{run.id}{path}", "ada", headers=headers))[0] == 403
        assert run.view().status == "running"
        elsewhere = {"Origin": "https://evil.example"}
        assert (await proxied.ask("POST", f"/api/tests/{run.id}/cancel", "ada", headers=elsewhere))[0] == 403


class TestPastTheProxy:
    async def test_the_header_means_nothing_and_is_told_of_once(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.WARNING)
        async with ServerHarness(SIGNED_ON) as harness:
            for _ in range(3):
                assert (await harness.call("GET", "/api/tests", token=None, headers={HEADER: "ada"}))[0] == 401
        assert [HEADER in record.getMessage() for record in caplog.records] == [True]

    async def test_without_the_setting_it_means_nothing_either(self) -> None:
        trusting: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.1/32"),)
        async with ServerHarness(replace(CONFIG, trusted_proxies=trusting)) as harness:
            assert (await harness.call("GET", "/api/tests", token=None, headers={HEADER: "ada"}))[0] == 401


class TestDoubtful:
    @pytest.fixture
    async def trusting(self) -> AsyncIterator[ServerHarness]:
        proxies: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.1/32"),)
        async with ServerHarness(replace(SIGNED_ON, trusted_proxies=proxies)) as harness:
            yield harness

    async def test_two_names_and_no_name(self, trusting: ServerHarness) -> None:
        url = f"{trusting.url}/api/tests"
        for names, status in ((("ada",), 200), (("ada", "eve"), 400), (("x" * 201,), 400), (("",), 401)):
            async with trusting.http.get(url, headers=[(HEADER, name) for name in names]) as answer:
                assert answer.status == status

    async def test_a_key_or_a_link_counts_before_the_name(self, trusting: ServerHarness) -> None:
        run = await trusting.new_run(owner="ada")
        token = await trusting.token(run, "viewer")
        path = f"/api/tests/{run.id}"
        for credential, status in ((token, 403), (None, 202), ("wrong", 401)):
            headers = {HEADER: "ada"} | auth(credential)
            async with trusting.http.post(f"{trusting.url}{path}/pause", headers=headers) as answer:
                assert answer.status == status
