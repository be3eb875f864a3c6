"""The egress proxy itself, asked over real sockets: what it connects to, what it refuses, what garbage does."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
import pytest_asyncio

from runner.egress.dns import system_resolver
from runner.egress.policy import Address, EgressPolicy
from runner.egress.proxy import EgressProxy
from runner.egress.socks import HOST_UNREACHABLE, NOT_ALLOWED, SUCCEEDED
from tests.runner.browser.driver_harness import WAIT_SECONDS
from tests.runner.egress.egress_harness import PUBLIC, FakeInternet, fake_internet

META = IPv4Address("169.254.169.254")
INNER = IPv4Address("10.0.0.5")
GREETING = b"\x05\x01\x00"


@pytest_asyncio.fixture
async def place() -> AsyncIterator[FakeInternet]:
    async with fake_internet() as made:
        yield made


@asynccontextmanager
async def running(proxy: EgressProxy) -> AsyncIterator[EgressProxy]:
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.aclose()


def port_of(proxy: EgressProxy) -> int:
    assert proxy.url is not None
    return int(proxy.url.rpartition(":")[2])


async def ask(proxy: EgressProxy, host: str, port: int = 80) -> tuple[int, bytes]:
    """The reply's code, and the page that came through the tunnel."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(proxy))
    name = host.encode()
    try:
        writer.write(GREETING + b"\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack(">H", port))
        assert await reader.readexactly(2) == b"\x05\x00"
        code = (await reader.readexactly(10))[1]
        if code == SUCCEEDED:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return code, await asyncio.wait_for(reader.read(), WAIT_SECONDS)
    finally:
        writer.close()


async def test_a_public_name_is_reached_at_the_address_that_was_checked(place: FakeInternet) -> None:
    async with running(place.egress_proxy(allow_private=False)) as proxy:
        code, body = await ask(proxy, "public.test")
    assert (code, b"<h1>Public</h1>" in body) == (SUCCEEDED, True)
    assert set(place.dialled) == {PUBLIC}


@pytest.mark.parametrize("allow_private", [True, False])
@pytest.mark.parametrize("address", [META, IPv6Address("::ffff:169.254.169.254"), IPv6Address("fd00:ec2::254")])
async def test_a_name_that_leads_to_metadata_is_refused(
    place: FakeInternet, address: Address, allow_private: bool
) -> None:
    place.names["harmless.test"] = [(address,)]
    async with running(place.egress_proxy(allow_private=allow_private)) as proxy:
        assert (await ask(proxy, "harmless.test"))[0] == NOT_ALLOWED
        refusal = proxy.refusal("http://harmless.test/?secret=1")
    assert (place.dialled, place.hits) == ({}, [])
    assert refusal is not None
    assert refusal.startswith("http://harmless.test is not opened: ")
    assert str(address) in refusal


async def test_a_name_that_leads_inside_is_refused_by_the_setting_only(place: FakeInternet) -> None:
    place.names["inner.test"] = [(INNER,)]
    async with running(place.egress_proxy(allow_private=False)) as proxy:
        assert (await ask(proxy, "inner.test"))[0] == NOT_ALLOWED
        assert (await ask(proxy, "localhost", place.secret_port))[0] == NOT_ALLOWED
        assert place.hits == []
    async with running(place.egress_proxy(allow_private=True)) as proxy:
        assert (await ask(proxy, "inner.test"))[0] == SUCCEEDED
    assert place.hits == ["/"]


async def test_of_several_addresses_only_those_that_may_be_reached_are(place: FakeInternet) -> None:
    place.names["both.test"] = [(META, INNER, PUBLIC)]
    async with running(place.egress_proxy(allow_private=False)) as proxy:
        code, body = await ask(proxy, "both.test")
    assert (code, b"<h1>Public</h1>" in body) == (SUCCEEDED, True)
    assert set(place.dialled) == {PUBLIC}


@pytest.mark.parametrize("answers", [[(PUBLIC,), (META,)], [(META,), (PUBLIC,), (META,)], [(PUBLIC,), (INNER,)]])
async def test_an_answer_that_changes_between_lookups_changes_nothing(
    place: FakeInternet, answers: list[tuple[Address, ...]]
) -> None:
    """DNS rebinding: whichever answer a connection gets, that one is checked and used."""
    place.names["rebind.test"] = answers
    async with running(place.egress_proxy(allow_private=False)) as proxy:
        for _ in range(4):
            await ask(proxy, "rebind.test")
    assert set(place.dialled) <= {PUBLIC}
    assert place.hits == []


async def test_metadata_is_refused_by_name_wherever_the_name_leads(place: FakeInternet) -> None:
    place.names["metadata.google.internal"] = [(PUBLIC,)]
    async with running(place.egress_proxy(allow_private=True)) as proxy:
        assert (await ask(proxy, "metadata.google.internal"))[0] == NOT_ALLOWED
    assert place.dialled == {}


async def test_the_servers_own_ports_and_the_proxys_are_refused(place: FakeInternet) -> None:
    policy = EgressPolicy()
    policy.own_ports = frozenset({place.secret_port})
    async with running(EgressProxy(policy)) as proxy:
        assert (await ask(proxy, "127.0.0.1", place.secret_port))[0] == NOT_ALLOWED
        assert (await ask(proxy, "localhost", place.secret_port))[0] == NOT_ALLOWED
        assert (await ask(proxy, "127.0.0.1", port_of(proxy)))[0] == NOT_ALLOWED
        assert (await ask(proxy, "127.0.0.1", place.public_port))[0] == SUCCEEDED
    assert place.hits == []


async def test_each_refused_host_is_told_of_once_and_not_without_end(place: FakeInternet) -> None:
    async with running(place.egress_proxy(allow_private=True)) as proxy:
        for number in (1, 1, *range(2, 220)):
            await ask(proxy, "169.254.169.254", number)
    assert place.refused[0] == (
        "the page was kept from 169.254.169.254 port 1: "
        "169.254.169.254 is a link-local address, which no page may reach"
    )
    assert len(place.refused) == len(set(place.refused)) == 200


async def test_what_cannot_be_reached_is_said(place: FakeInternet) -> None:
    async with running(EgressProxy(EgressPolicy(), resolver=place.lookup)) as proxy:
        assert (await ask(proxy, "127.0.0.1", 9))[0] == HOST_UNREACHABLE
        assert (await ask(proxy, "nowhere.invalid", 80))[0] == HOST_UNREACHABLE
        assert proxy.failure("http://127.0.0.1:9/x") == "nothing answers there; is the server running?"
        assert proxy.failure("http://nowhere.invalid/") == "no such host is known"
        assert proxy.refusal("http://127.0.0.1:9/x") is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n",
        b"\x04\x01\x00\x50\xa9\xfe\xa9\xfe\x00",
        b"\x05\x01\x02",
        GREETING + b"\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50",
        GREETING + b"\x05\x01\x00\x09\x7f\x00\x00\x01\x00\x50",
        GREETING + b"\x05\x01\x00\x03\x03\xff\xfe\xfd\x00\x50",
        GREETING + b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50early",
    ],
)
async def test_who_speaks_something_else_is_cut_off(place: FakeInternet, garbage: bytes) -> None:
    async with running(place.egress_proxy(allow_private=True)) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(proxy))
        writer.write(garbage)
        try:
            answer = await asyncio.wait_for(reader.read(), WAIT_SECONDS)
        except ConnectionError:
            answer = b""
        assert answer in {b"", b"\x05\x00"}
        writer.close()
    assert place.dialled == {}


async def test_pieces_of_a_handshake_are_put_together(place: FakeInternet) -> None:
    async with running(place.egress_proxy(allow_private=True)) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(proxy))
        for byte in GREETING + b"\x05\x01\x00\x01" + PUBLIC.packed + b"\x00\x50":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await asyncio.wait_for(reader.readexactly(12), WAIT_SECONDS))[:4] == b"\x05\x00\x05\x00"
        writer.close()
    assert set(place.dialled) == {PUBLIC}


async def test_a_page_cannot_take_all_of_the_servers_descriptors(place: FakeInternet) -> None:
    async with running(place.egress_proxy(allow_private=True)) as proxy:
        lines = [await asyncio.open_connection("127.0.0.1", port_of(proxy)) for _ in range(100)]
        cut = [asyncio.ensure_future(reader.read()) for reader, _ in lines[96:]]
        await asyncio.wait_for(asyncio.gather(*cut, return_exceptions=True), WAIT_SECONDS)
        lines[0][1].write_eof()
        assert await asyncio.wait_for(lines[0][0].read(), WAIT_SECONDS) == b""
        assert (await ask(proxy, "public.test"))[0] == SUCCEEDED
        for _, writer in lines:
            writer.close()


async def test_much_goes_through_unchanged_and_no_faster_than_it_is_read() -> None:
    sent = bytes(range(256)) * 131_072

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        writer.close()

    source = await asyncio.start_server(pour, "127.0.0.1", 0)
    async with source, running(EgressProxy(EgressPolicy())) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(proxy))
        port = source.sockets[0].getsockname()[1]
        writer.write(GREETING + b"\x05\x01\x00\x01\x7f\x00\x00\x01" + struct.pack(">H", port))
        await reader.readexactly(12)
        received, most = bytearray(), 0
        while piece := await reader.read(65536):
            received += piece
            most = max(
                most, *(client.transport.get_write_buffer_size() for client in proxy._open if client.transport), 0
            )
        writer.close()
    assert received == sent
    assert 0 < most < 1_000_000


async def test_the_end_cuts_every_tunnel_and_lookup(place: FakeInternet) -> None:
    asked = asyncio.Event()

    async def never(_: str) -> tuple[Address, ...]:
        asked.set()
        await asyncio.Event().wait()
        return (ip_address("8.8.8.8"),)

    before = asyncio.all_tasks()
    async with running(EgressProxy(EgressPolicy(), resolver=never)) as proxy:
        waiting = asyncio.ensure_future(ask(proxy, "slow.test"))
        await asyncio.wait_for(asked.wait(), WAIT_SECONDS)
        idle = await asyncio.open_connection("127.0.0.1", port_of(proxy))
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await asyncio.wait_for(waiting, WAIT_SECONDS)
    assert await asyncio.wait_for(idle[0].read(), WAIT_SECONDS) == b""
    idle[1].close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


async def test_names_are_looked_up_by_the_system() -> None:
    assert IPv4Address("127.0.0.1") in await system_resolver()("localhost")
    with pytest.raises(OSError, match="label empty"):  # "… or too long" before Python 3.13
        await system_resolver()("a..b")
