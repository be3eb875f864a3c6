"""Pages in a real browser that try to get at what they should not reach, by every way that a page has."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
import pytest_asyncio

from runner.browser.launch import process_id
from runner.driver import StepFailed
from tests.processes import children
from tests.runner.browser.driver_harness import WAIT_SECONDS, DriverHarness
from tests.runner.egress.egress_harness import SITE, FakeInternet, alone, fake_internet, proxied_browser

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("whole_chromium")]

WAYS = {
    "fetch": "fetch(url).then((answer) => answer.text()).then(got)",
    "opaque fetch": "fetch(url, { mode: 'no-cors' })",
    "post": "fetch(url, { method: 'POST', mode: 'no-cors', body: 'text' })",
    "beacon": "navigator.sendBeacon(url, 'text')",
    "picture": "new Image().src = url",
    "script": "document.head.append(Object.assign(document.createElement('script'), { src: url }))",
    "style": "document.body.style.background = `url(${url})`",
    "preload": """document.head.append(
        Object.assign(document.createElement('link'), { rel: 'preload', as: 'script', href: url }))""",
    "frame": "document.querySelector('iframe').src = url",
    "object": "document.body.append(Object.assign(document.createElement('object'), { data: url }))",
    "video": "document.body.append(Object.assign(document.createElement('video'), { src: url, preload: 'auto' }))",
    "form": """document.body.insertAdjacentHTML('beforeend',
        `<iframe name=posted></iframe><form method=post action="${url}" target=posted enctype=text/plain></form>`);
        document.forms[0].submit()""",
    "WebSocket": "new WebSocket(url.replace('http', 'ws')).onmessage = (message) => got(message.data)",
    "events": "new EventSource(url)",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('${url}', { mode: 'no-cors' })`])))",
    "redirect": "new Image().src = '/to?url=' + encodeURIComponent(url)",
    "redirected fetch": "fetch('/to?url=' + encodeURIComponent(url), { mode: 'no-cors' })",
    "new tab": "open(url)",
    "link": "tab.href = url; tab.click()",
    "frame by redirect": """document.body.append(
        Object.assign(document.createElement('iframe'), { src: '/to?url=' + encodeURIComponent(url) }))""",
}  # fmt: skip
"""What a page may do with an address, in JavaScript; ``got`` is called with what is read."""
FIRST_PORT = 8100


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[FakeInternet]:
    async with fake_internet() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strict(place: FakeInternet) -> AsyncIterator[DriverHarness]:
    """Private addresses are not allowed."""
    async with proxied_browser(place, allow_private=False) as harness:
        yield harness


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def usual(place: FakeInternet) -> AsyncIterator[DriverHarness]:
    """As set by default."""
    async with proxied_browser(place, allow_private=True) as harness:
        yield harness


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def fresh(place: FakeInternet) -> None:
    place.refused.clear()
    place.hits.clear()
    place.dialled.clear()


async def attack(harness: DriverHarness, place: FakeInternet, host: str) -> None:
    """Every way, each to a port of its own, until the egress proxy has refused each."""
    async with alone(harness) as page:
        await page.evaluate("() => { globalThis.taken = []; globalThis.got = (text) => taken.push(text); }")
        for port, script in enumerate(WAYS.values(), FIRST_PORT):
            await page.evaluate(f"(url) => {{ {script}; }}", f"http://{host}:{port}/")
        for port in range(FIRST_PORT, FIRST_PORT + len(WAYS)):
            await place.refused.until(lambda told, end=f"from {host} port {port}:": end in told)  # type: ignore[misc]
        assert await page.evaluate("taken") == []
    assert place.hits == []


async def fails(harness: DriverHarness, url: str) -> str:
    with pytest.raises(StepFailed) as failed:
        await harness.do("navigate", value=url)
    return str(failed.value)


async def test_no_way_leads_to_metadata(usual: DriverHarness, place: FakeInternet) -> None:
    await attack(usual, place, "169.254.169.254")


async def test_no_way_leads_to_a_name_that_is_inside(strict: DriverHarness, place: FakeInternet) -> None:
    place.names["inner.test"] = [(ip_address("10.0.0.5"),)]
    await attack(strict, place, "inner.test")


async def test_no_way_leads_to_this_machine_where_that_is_not_allowed(
    strict: DriverHarness, place: FakeInternet
) -> None:
    await attack(strict, place, "localhost")


@pytest.mark.browser
async def test_no_way_leads_to_a_host_that_the_run_does_not_allow(place: FakeInternet) -> None:
    place.names["other.test"] = [(ip_address("93.184.216.35"),)]
    async with proxied_browser(place, allow_private=True, hosts=["public.test"]) as limited:
        await attack(limited, place, "other.test")
        await limited.driver.open(f"{SITE}/")
        reason = await fails(limited, "http://other.test/secret")
        assert reason == "http://other.test is not opened: other.test is not among the run's allowHosts"


async def test_by_default_this_machine_may_be_reached(usual: DriverHarness, place: FakeInternet) -> None:
    await usual.driver.open(f"http://localhost:{place.secret_port}/")
    assert "/" in place.hits


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest?token=1", "http://2852039166/", "http://0xA9.0376.43518/", "http://0.0.0.0:8080/",
        "http://[::ffff:a9fe:a9fe]/", "http://[fe80::1]/", "//100.100.100.200/", "http://metadata.google.internal/",
    ],
)  # fmt: skip
async def test_a_step_to_a_refused_address_fails_in_one_sentence(
    usual: DriverHarness, place: FakeInternet, url: str
) -> None:
    await usual.driver.open(f"{SITE}/")
    assert re.fullmatch(r"http://\S+ is not opened: \S+ .*, which no page may reach", await fails(usual, url))
    assert usual.driver.url == f"{SITE}/"
    assert place.hits == []


async def test_a_step_to_what_is_no_address_fails(usual: DriverHarness) -> None:
    assert await fails(usual, "http://[169.254.169.254/") == "http://[169.254.169.254/ is not opened: it is no address"


async def test_a_step_to_a_name_that_is_inside_names_the_setting(strict: DriverHarness, place: FakeInternet) -> None:
    place.names["intranet.test"] = [(ip_address("10.0.0.7"),)]
    await strict.driver.open(f"{SITE}/")
    told = "http://intranet.test is not opened: 10.0.0.7 is a private address, and JUMPSEAT_ALLOW_PRIVATE is false"
    assert await fails(strict, "http://intranet.test/?secret=1") == told
    assert await fails(strict, f"{SITE}/to?url=http://intranet.test/%3Fsecret=1") == told
    assert [told for told in place.refused if "secret" in told] == []
    assert place.hits == []


@pytest.mark.parametrize(
    ("host", "way"),
    [
        ("169.254.1.1", "location = url"),
        ("169.254.1.2", "location = '/to?url=' + url"),
        ("169.254.1.3", "tab.href = url; tab.click()"),
    ],
)
async def test_a_click_that_leads_to_a_refused_address_says_why(
    usual: DriverHarness, place: FakeInternet, host: str, way: str
) -> None:
    """It fails, unless what was refused is another tab's; it is told in the log in any case."""
    await usual.driver.open(f"{SITE}/")
    await usual.driver.page.evaluate(
        f"() => {{ here.onclick = () => {{ const url = 'http://{host}/?secret=1'; {way} }} }}"
    )
    with contextlib.nullcontext() if "tab" in way else pytest.raises(StepFailed, match=f"^http://{host} is not opened"):
        await usual.do("click", selector="#here")
    assert "secret" not in await place.refused.until(lambda told: f"{host} port 80" in told)
    assert place.hits == []


async def test_webrtc_cannot_reach_this_machine_where_that_is_not_allowed(
    strict: DriverHarness, usual: DriverHarness, place: FakeInternet
) -> None:
    """By UDP and by TCP; with what is usual it can, which shows that the attempt is a real one."""
    async with listening() as (port, heard):
        await strict.driver.open(f"{SITE}/")
        assert await strict.driver.page.evaluate(GATHER, port) == []
        await place.refused.until(lambda told: f"127.0.0.1 port {port}" in told)
        assert heard.is_set() is False
        await usual.driver.open(f"{SITE}/")
        await usual.driver.page.evaluate(GATHER, port)
        await asyncio.wait_for(heard.wait(), WAIT_SECONDS)


async def test_webtransport_does_not_pass(usual: DriverHarness, place: FakeInternet) -> None:
    async with listening() as (port, heard):
        await usual.driver.open(f"http://localhost:{place.secret_port}/")
        opened = "(port) => new WebTransport(`https://127.0.0.1:${port}/`).ready.then(() => 'open', (e) => e.name)"
        assert await usual.driver.page.evaluate(opened, port) == "WebTransportError"
        assert heard.is_set() is False


async def test_the_browser_listens_nowhere(usual: DriverHarness) -> None:
    """The debugging interface is a pipe: nobody can connect to it, from outside or from the page."""
    browser = usual.driver.page.context.browser
    assert browser is not None
    pid = await process_id(browser)
    assert pid is not None
    processes = [pid, *children(pid)]
    assert len(processes) > 3
    assert "--remote-debugging-pipe" in command_line(pid)
    assert listening_sockets(processes) == []


async def test_listening_sockets_are_seen() -> None:
    """The look of the test before sees what it looks for."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        assert f"127.0.0.1:{server.sockets[0].getsockname()[1]}" in listening_sockets([os.getpid()])


async def test_the_proxy_listens_on_loopback_only(usual: DriverHarness) -> None:
    browser = usual.driver.page.context.browser
    assert browser is not None
    pid = await process_id(browser)
    proxy = re.search(r"--proxy-server=socks5://([\d.]+:\d+)", command_line(pid))
    assert proxy is not None
    assert proxy[1] in listening_sockets([os.getpid()])
    assert proxy[1].startswith("127.0.0.1:")


GATHER = """async (port) => {
    const server = (kind) => ({ urls: `${kind}`, username: "a", credential: "b" });
    const pc = new RTCPeerConnection({ iceServers: [
        server(`stun:127.0.0.1:${port}`), server(`turn:127.0.0.1:${port}?transport=tcp`)] });
    const found = [];
    pc.createDataChannel("x");
    pc.onicecandidate = (event) => event.candidate && found.push(event.candidate.candidate);
    const over = new Promise((done) => {
        pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done();
    });
    await pc.setLocalDescription(await pc.createOffer());
    await Promise.race([over, new Promise((done) => setTimeout(done, 3000))]);
    pc.close();
    return found;
}"""


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A UDP port on loopback, and whether anything has come to it."""
    heard = asyncio.Event()

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            heard.set()

    ear, _ = await asyncio.get_running_loop().create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 0))
    try:
        yield ear.get_extra_info("sockname")[1], heard
    finally:
        ear.close()


def command_line(pid: int | None) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def listening_sockets(pids: list[int]) -> list[str]:
    """``address:port`` of every TCP socket that one of these processes listens on (Linux)."""
    mine = {link for pid in pids for link in open_files(pid)}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    return [_readable(line[1]) for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in mine]


def open_files(pid: int) -> Iterator[str]:
    """What the process has open; processes end and files are closed while one looks."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                yield os.readlink(link)


def _readable(address: str) -> str:
    host, _, port = address.partition(":")
    name = IPv4Address(bytes.fromhex(host)[::-1]) if len(host) == 8 else f"[{host}]"
    return f"{name}:{int(port, 16)}"
