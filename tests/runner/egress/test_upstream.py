"""Driven pages behind a company's proxy: by way of it, and still bound by the egress policy."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

import pytest

from jumpseat.run_parts import browser_options
from jumpseat.settings import BadSetting, load_settings
from runner.driver import StepFailed
from runner.egress.policy import EgressPolicy
from runner.egress.proxy import EgressProxy
from runner.egress.socks import HOST_UNREACHABLE, NOT_ALLOWED, SUCCEEDED
from runner.egress.upstream import UpstreamProxy
from tests.runner.browser.driver_harness import driver_harness
from tests.runner.egress.egress_harness import FakeInternet, fake_internet
from tests.runner.egress.test_proxy import ask, running

LOGIN = base64.b64encode(b"ada:se cret").decode()


@dataclass
class Proxy:
    """Tunnels to the public site of the world, whatever it is asked for, if the password is right."""

    port: int = 0
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def company(place: FakeInternet) -> AsyncIterator[Proxy]:
    proxy = Proxy()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        proxy.asked.append(head.split()[1])
        if f"Proxy-Authorization: Basic {LOGIN}" not in head or "forbidden" in head:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", place.public_port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(copy(reader, back), copy(there, writer), return_exceptions=True)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy
        server.close()


def egress_proxy(
    place: FakeInternet, proxy: Proxy, *, allow_private: bool = True, direct: tuple[str, ...] = ()
) -> EgressProxy:
    upstream = UpstreamProxy(f"http://ada:se%20cret@127.0.0.1:{proxy.port}", direct=direct)
    made = EgressProxy(
        EgressPolicy(allow_private=allow_private), resolver=place.lookup, dial=place.dial, upstream=upstream
    )
    made.on_refused = place.refused.record
    return made


@pytest.mark.browser
async def test_a_page_is_reached_by_way_of_the_proxy_by_names_that_it_alone_knows() -> None:
    async with fake_internet() as place, company(place) as proxy:
        async with driver_harness({}, egress_proxy=lambda: egress_proxy(place, proxy, allow_private=False)) as harness:
            await harness.driver.open("http://only-the-proxy-knows.test/")
            await harness.text("h1", "Public")
            await harness.driver.open("http://public.test/")
            with pytest.raises(StepFailed, match=r"^http://169\.254\.169\.254 is not opened"):
                await harness.do("navigate", value="http://169.254.169.254/")
        assert {"only-the-proxy-knows.test:80", "public.test:80"} <= set(proxy.asked)
        assert not [each for each in proxy.asked if each.startswith("169.254.")]
        assert not place.dialled


@pytest.mark.parametrize("allow_private", [True, False])
async def test_the_rules_are_kept(allow_private: bool) -> None:
    async with fake_internet() as place, company(place) as proxy:
        place.names["leads-to-it.test"] = [(ip_address("169.254.169.254"),)]
        place.names["partly.test"] = [(ip_address("93.184.216.34"), ip_address("169.254.169.254"))]
        async with running(egress_proxy(place, proxy, allow_private=allow_private)) as made:
            for host in (
                "169.254.169.254",
                "2852039166",
                "metadata.google.internal",
                "leads-to-it.test",
                "partly.test",
            ):
                assert (await ask(made, host))[0] == NOT_ALLOWED, host
            assert (await ask(made, "10.0.0.5"))[0] == (SUCCEEDED if allow_private else NOT_ALLOWED)
        assert proxy.asked == (["10.0.0.5:80"] if allow_private else [])


async def test_what_is_reached_without_it() -> None:
    async with fake_internet() as place, company(place) as proxy:
        place.names |= {
            "a.inner.test": [(IPv4Address("93.184.216.34"),)],
            "by-network.test": [(IPv4Address("10.1.2.3"),)],
            "notinner.test": [(IPv4Address("93.184.216.34"),)],
        }
        direct = (".inner.test", "10.0.0.0/8")
        async with running(egress_proxy(place, proxy, direct=direct)) as made:
            for host in ("localhost", "127.0.0.1", "a.inner.test", "by-network.test", "10.9.9.9", "notinner.test"):
                assert (await ask(made, host))[0] == SUCCEEDED, host
            assert (await ask(made, "unknown.inner.test"))[0] == HOST_UNREACHABLE
        assert proxy.asked == ["notinner.test:80"]


async def test_what_the_proxy_refuses_is_said_without_its_password() -> None:
    async with fake_internet() as place, company(place) as proxy, running(egress_proxy(place, proxy)) as made:
        assert (await ask(made, "forbidden.test"))[0] == HOST_UNREACHABLE
        assert made.failure("http://forbidden.test/") == "the proxy (JUMPSEAT_PROXY) answered 403"
        proxy.port = 9
        async with running(egress_proxy(place, proxy)) as lost:
            assert (await ask(lost, "public.test"))[0] == HOST_UNREACHABLE
            assert lost.failure("http://public.test/") == "the proxy (JUMPSEAT_PROXY) cannot be reached"


@pytest.mark.parametrize(("proxy", "direct"), [("ftp://u:geheim@x:1", ""), ("http://u:geheim@x:1", "10.0.0.0/99")])
def test_a_setting_that_cannot_be_used_is_said_without_its_password(proxy: str, direct: str) -> None:
    with pytest.raises(BadSetting, match=r"^JUMPSEAT_PROXY, JUMPSEAT_NO_PROXY: ") as bad:
        browser_options(load_settings(proxy=proxy, no_proxy=direct))
    assert "geheim" not in str(bad.value)
    assert "geheim" not in repr(load_settings(proxy=proxy))
