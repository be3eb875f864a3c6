"""The server as a whole: pages, description, health, figures, start and stop."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from prometheus_client.parser import text_string_to_metric_families

from control.protocol.commands import Command
from control.protocol.events import Event, Reply
from control.protocol.models import NewRun
from control.roles import Actor, Role
from signaling.access.authentication import Credential, RequestContext
from signaling.config import LiveKit
from signaling.http.openapi import describe, operations
from signaling.livekit.room_tokens import livekit_token
from signaling.problems import answer_problems
from signaling.server import Server
from signaling.watching.ice_servers import turn_credentials
from tests.signaling.fakes import FakeAuditTrail, FakeRun, FakeRuns, FakeShareLinks
from tests.signaling.server_harness import ADA, CONFIG, WAIT_SECONDS, ServerHarness, auth


async def text(harness: ServerHarness, path: str) -> tuple[int, str]:
    async with harness.http.get(harness.url + path) as response:
        return response.status, await response.text()


class TestPages:
    @pytest.fixture
    def dist(self, tmp_path: Path) -> Path:
        dist = tmp_path / "dist"
        (dist / "assets").mkdir(parents=True)
        (dist / "index.html").write_text("<p>the app")
        (dist / "assets" / "app-1a2b.js").write_text("the code")
        (dist / "player.js").write_text("the player")
        (tmp_path / "secret.js").write_text("nobody's business")
        return dist

    async def test_the_built_pages_are_served(self, dist: Path) -> None:
        async with ServerHarness(dist=dist) as harness:
            for path in ("/", "/runs/any", "/sessions/any"):
                assert await text(harness, path) == (200, "<p>the app")
            assert await text(harness, "/player.js") == (200, "the player")
            async with harness.http.get(f"{harness.url}/assets/app-1a2b.js") as response:
                assert await response.text() == "the code"
                assert response.content_type in {"text/javascript", "application/javascript"}
                assert "immutable" in response.headers["Cache-Control"]

    @pytest.mark.parametrize(
        "path", ["/assets/..%2f..%2fsecret.js", "/assets/%2e%2e%2findex.html", "/assets/no.js", "/x.js"]
    )
    async def test_nothing_else_is(self, dist: Path, path: str) -> None:
        async with ServerHarness(dist=dist) as harness:
            reader, writer = await asyncio.open_connection("127.0.0.1", harness.server.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            assert b" 404 " in answer.splitlines()[0]

    async def test_people_get_a_page_where_there_is_nothing_and_programs_a_problem(self, dist: Path) -> None:
        person = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        async with ServerHarness(dist=dist) as harness:
            for path in ("/nothing", "/runs/a/b"):
                async with harness.http.get(f"{harness.url}{path}", headers=person) as response:
                    assert (response.status, response.content_type) == (404, "text/html")
                    assert await response.text() == "<p>the app"
                    assert "frame-ancestors" in response.headers["Content-Security-Policy"]
            for path, headers in (("/nothing", {"Accept": "*/*"}), ("/api/nothing", person), ("/api/tests/x", person)):
                async with harness.http.get(f"{harness.url}{path}", headers={**auth(ADA), **headers}) as response:
                    assert (response.status, response.content_type) == (404, "application/problem+json"), path
            async with harness.http.post(f"{harness.url}/nothing", headers=person) as response:
                assert response.content_type == "application/problem+json"
        async with (
            ServerHarness() as harness,
            harness.http.get(f"{harness.url}/nothing", headers=person) as response,
        ):
            assert response.status == 404
            assert '<a href="/">' in await response.text()

    async def test_without_a_build_the_page_says_how_to_make_one(self, harness: ServerHarness) -> None:
        status, page = await text(harness, "/")
        assert status == 503
        assert "make web" in page
        assert (await text(harness, "/player.js"))[0] == 404


class TestDescription:
    async def test_it_describes_exactly_the_routes_there_are(self, harness: ServerHarness) -> None:
        _, description = await harness.call("GET", "/openapi.json", token=None)
        described = {
            (method.upper(), re.sub(r"{\w+}", "{}", path))
            for path, methods in description["paths"].items()
            for method in methods
        }
        served = {
            (route.method, re.sub(r"{[^{}]*}", "{}", route.resource.canonical))
            for route in harness.server.apps.api.router.routes()
            if route.resource is not None and route.method != "HEAD"
        }
        pages = {
            "/",
            "/runs/{}",
            "/sessions/{}",
            "/assets/{}",
            "/trace-viewer/{}",
            "/{}",
            "/docs",
            "/docs.css",
            "/openapi.json",
            "/ws/test-control",
        }
        assert described == {(method, path) for method, path in served if path not in pages}

    async def test_the_guide_names_the_same_requests(self) -> None:
        guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
        named = set(re.findall(r"^\| `([A-Z]+) (/\S+)` \|", guide, re.MULTILINE))
        assert named == {(operation.method, operation.path) for operation in operations()}

    async def test_every_reference_leads_somewhere(self, harness: ServerHarness) -> None:
        _, description = await harness.call("GET", "/openapi.json", token=None)
        assert description["openapi"] == "3.1.0"
        schemas = description["components"]["schemas"]
        references = set(re.findall(r"#/components/schemas/([\w-]+)", str(description)))
        assert references <= set(schemas)
        assert {"NewRun", "RunView", "Step", "Action", "ProblemDetails", "StepOverride", "TestStep", "Hello"} <= set(
            schemas
        )
        assert "stepTimeoutMs" in schemas["NewRun"]["properties"]

    async def test_every_control_message_of_both_directions_is_a_component(self) -> None:
        schemas = describe()["components"]["schemas"]
        client, server = schemas["ClientMessage"], {"oneOf": schemas["Event"]["oneOf"] + schemas["Reply"]["oneOf"]}
        for messages, models in ((client, get_args(Command)), (server, (*get_args(Event), *get_args(Reply)))):
            names = [each["$ref"].rpartition("/")[2] for each in messages["oneOf"]]
            assert names == [model.__name__ for model in models]
            assert all("type" in schemas[name]["required"] for name in names)

    async def test_what_is_answered_has_every_field_and_what_is_sent_may_leave_out_those_with_a_default(self) -> None:
        schemas = describe()["components"]["schemas"]
        assert schemas["Action"]["required"] == ["type"]
        assert set(schemas["ActionOutput"]["required"]) == set(schemas["ActionOutput"]["properties"])
        assert schemas["Proposal"]["properties"]["action"] == {"$ref": "#/components/schemas/ActionOutput"}

    async def test_people_can_read_it_without_any_other_origin(self, harness: ServerHarness) -> None:
        _, page = await text(harness, "/docs")
        assert "/api/tests/{runId}/override-step" in page
        assert "http" not in re.sub(r"HTTP|<code>[^<]*</code>", "", page).replace("/openapi.json", "").lower()
        assert (await text(harness, "/docs.css"))[0] == 200


class TestHealth:
    async def test_alive_ready_and_counted(self, harness: ServerHarness, run: FakeRun) -> None:
        assert await harness.call("GET", "/healthz", token=None) == (200, {"status": "ok"})
        assert (await harness.call("GET", "/readyz", token=None))[0] == 200
        async with harness.socket(run, token=await harness.token(run, "viewer")) as client:
            await client.ask(type="pause", id="1")
            figures = await self.figures(harness)
        assert figures[("jumpseat_connections", "websocket")] == 1
        assert figures[("jumpseat_commands_total", "pause forbidden")] == 1
        await run.until(lambda: bool(run.left))
        assert (await self.figures(harness))[("jumpseat_connections", "websocket")] == 0

    async def figures(self, harness: ServerHarness) -> dict[tuple[str, str], float]:
        _, page = await text(harness, "/metrics")
        families = text_string_to_metric_families(page)
        samples = [sample for family in families for sample in family.samples]
        return {
            (sample.name, " ".join(sample.labels[name] for name in sorted(sample.labels, reverse=True))): sample.value
            for sample in samples
        }

    async def test_not_ready_says_why(self) -> None:
        async def check() -> str | None:
            return "the disk is full"

        server = Server(
            CONFIG,
            runs=FakeRuns(),
            links=FakeShareLinks(),
            trail=FakeAuditTrail(),
            dist=Path("none"),
            checks={"disk": check},
        )
        await server.start()
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{server.url}/readyz") as response:
                assert response.status == 503
                assert (await response.json())["checks"] == {"disk": "the disk is full"}
        finally:
            await server.aclose()


class TestLife:
    async def test_frames_may_be_served_on_the_same_port(self) -> None:
        async with ServerHarness(replace(CONFIG, frame_port=None)) as harness:
            run = await harness.new_run()
            _, info = await harness.call("GET", f"/api/tests/{run.id}/stream")
            assert info["streamUrl"] == f"{harness.url}/stream/{run.id}"
            async with harness.http.get(info["streamUrl"] + "?after=0", headers=auth(ADA)) as response:
                assert response.status == 200

    async def test_public_addresses_are_those_that_were_set(self) -> None:
        config = replace(CONFIG, public_url="https://a.example/", frame_base_url="https://f.example")
        async with ServerHarness(config) as harness:
            run = await harness.new_run()
            _, info = await harness.call("GET", f"/api/tests/{run.id}/stream", headers={"Host": "a.example"})
            assert harness.server.url == "https://a.example"
            assert info["streamUrl"] == f"https://f.example/stream/{run.id}"
            assert info["controlUrl"].startswith("wss://a.example/ws/")

    async def test_https_and_wss(self, tmp_path: Path) -> None:
        server, client = _certified(tmp_path)
        async with ServerHarness(replace(CONFIG, tls=server)) as harness:
            run = await harness.new_run()
            url = f"https://localhost:{harness.server.port}"
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client)) as http:
                async with http.get(f"{url}/api/tests/{run.id}/stream", headers=auth(ADA)) as response:
                    info = await response.json()
                assert info["streamUrl"].startswith("https://localhost:")
                async with http.ws_connect(info["controlUrl"], headers=auth(ADA)) as ws:
                    assert (await ws.receive_json())["type"] == "hello"

    async def test_a_command_that_hangs_does_not_hold_up_the_end(self) -> None:
        async with ServerHarness() as harness:
            run = await harness.new_run()
            run.slow.clear()
            async with harness.socket(run) as client:
                await client.send(type="pause", id="1")
                await run.until_submitted(1)
                async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as tasks:
                    tasks.create_task(client.close_code())
                    tasks.create_task(harness.server.aclose())
            assert not run.view().paused

    async def test_a_port_that_is_taken_leaves_nothing_open(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            config = replace(CONFIG, frame_port=taken.getsockname()[1])
            server = Server(config, runs=FakeRuns(), links=FakeShareLinks(), trail=FakeAuditTrail(), dist=Path("none"))
            with pytest.raises(OSError, match="in use"):
                await server.start()
            with pytest.raises(OSError, match=r"refused|Connect"):
                await asyncio.open_connection("127.0.0.1", server.port)

    async def test_closing_is_safe_to_repeat_and_lets_go_of_the_ports(self) -> None:
        harness = ServerHarness()
        async with harness:
            port = harness.server.port
        await harness.server.aclose()
        socket.create_server(("127.0.0.1", port)).close()


def _certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of a server and of a client that trusts it, for ``localhost``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "both.pem").write_bytes(certificate + private)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=certificate.decode())


class TestCredentials:
    def test_turn_credentials_are_those_of_the_turn_rest_api(self) -> None:
        """The username is the moment of expiry and a name; the password its HMAC-SHA1, in base64."""
        username, password = turn_credentials("north", "mika", now=1_000_000.9)
        assert username == "1021600:mika"
        assert password == "ygV47VRSKtOrbrb5SYUXRL74Hxk="

    @pytest.mark.parametrize("role", list(Role))
    def test_livekit_tokens_let_viewers_watch_and_controllers_send_data(self, role: Role) -> None:
        livekit = LiveKit(url="wss://lk.example", api_key="key", api_secret="s" * 32)
        run = FakeRun(NewRun(url="http://shop.test/"), owner="ada")
        context = RequestContext(Credential("ada", None, "ada"), run, Actor("viewer-id", role, "Ada"))
        token = livekit_token(livekit, context)
        claims = jwt.decode(token, "s" * 32, algorithms=["HS256"], options={"verify_aud": False})
        assert claims["sub"] == "viewer-id"
        assert claims["attributes"] == {"role": role.value}
        assert claims["exp"] - claims["nbf"] <= 600
        grants = claims["video"]
        assert (grants["room"], grants["roomJoin"], grants["canSubscribe"]) == (f"jumpseat-{run.id}", True, True)
        assert grants["canPublish"] is False
        assert grants["canPublishData"] is (role is not Role.VIEWER)

    async def test_with_livekit_the_stream_has_a_token_for_it(self) -> None:
        livekit = LiveKit(url="wss://lk.example", api_key="key", api_secret="s" * 32)
        async with ServerHarness(replace(CONFIG, livekit=livekit)) as harness:
            run = await harness.new_run()
            _, info = await harness.call("GET", f"/api/tests/{run.id}/stream")
            async with harness.http.get(harness.url) as response:
                policy = response.headers["Content-Security-Policy"]
        assert info["livekitUrl"] == "wss://lk.example"
        assert jwt.decode(info["token"], options={"verify_signature": False})["video"]["room"] == f"jumpseat-{run.id}"
        assert "wss://lk.example https://lk.example" in policy


async def test_a_client_that_leaves_before_its_answer_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def gone(_: web.Request) -> web.StreamResponse:
        raise ConnectionResetError("Cannot write to closing transport")

    async def broken(_: web.Request) -> web.StreamResponse:
        raise ZeroDivisionError

    request = make_mocked_request("GET", "/ws/test-control")
    await answer_problems(request, gone)
    assert not caplog.records
    assert (await answer_problems(request, broken)).status == 500
    assert [record.levelname for record in caplog.records] == ["ERROR"]
