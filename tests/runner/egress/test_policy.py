"""Which addresses are refused, in every spelling; pure, without a network."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from runner.egress.allowed_hosts import RestrictedPolicy
from runner.egress.policy import EgressPolicy, literal

NEVER = [
    "169.254.169.254", "169.254.0.1", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "0.0.0.0", "0.1.2.3", "::", "fe80::1", "febf::1", "fd00:ec2::254", "fd20:ce::254",
    "::ffff:169.254.169.254", "::169.254.169.254", "::ffff:0:169.254.169.254",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1",
    "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:1:a9:fea9:fe00:0",
    "2001:0:102:304:0:0:5601:5601", "2606:4700::5efe:a9fe:a9fe", "::ffff:0.0.0.0",
]  # fmt: skip
NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "::1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "100.127.255.255", "fc00::1", "fdff::1", "fec0::1", "224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255",
    "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "100::1", "4000::1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:a00:1::", "64:ff9b:1::808:808",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "169.253.1.1",
    "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("text", NEVER)
def test_some_addresses_are_refused_whatever_is_set(text: str) -> None:
    for allow_private in (True, False):
        refusal = EgressPolicy(allow_private=allow_private).refusal(ip_address(text), 80)
        assert refusal is not None
        assert refusal.endswith(", which no page may reach")


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_what_is_not_public_is_refused_by_the_setting(text: str) -> None:
    assert EgressPolicy(allow_private=True).refusal(ip_address(text), 80) is None
    refusal = EgressPolicy(allow_private=False).refusal(ip_address(text), 80)
    assert refusal is not None
    assert refusal.endswith(", and JUMPSEAT_ALLOW_PRIVATE is false")


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_not(text: str) -> None:
    assert EgressPolicy(allow_private=False).refusal(ip_address(text), 443) is None


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "2852039166", "0xa9fea9fe", "0XA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376", "169.254.43518",
        "169.16689662", "169.254.169.254.", "169%2E254.169.254", "１６９.254.169.254", "169。254。169。254",
        "[::ffff:169.254.169.254]", "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "metadata.google.internal", "METADATA.google.internal.",
    ],
)  # fmt: skip
def test_every_spelling_in_a_url_is_told_without_a_name_server(host: str) -> None:
    url = f"http://somebody:password@{host}/latest?token=1"
    refusal = EgressPolicy().refusal_of_url(url)
    assert refusal is not None
    assert refusal.startswith(f"http://{host} is not opened: ")
    assert "password" not in refusal
    assert "token" not in refusal


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "http://127.0.0.1:8000/",
        "http://localhost/",
        "http://cafe.example/",
        "http://0xcafe.test",
    ],
)
def test_other_urls_are_not_refused(url: str) -> None:
    assert EgressPolicy().refusal_of_url(url) is None


def test_this_servers_own_ports_are_refused_on_every_address_of_this_machine() -> None:
    policy = EgressPolicy()
    policy.own_ports = frozenset({3001, 80})
    for host in ("127.0.0.1:3001", "localhost:3001", "a.localhost:3001", "[::1]:3001", "127.1:3001", "localhost"):
        refusal = policy.refusal_of_url(f"http://{host}/")
        assert refusal is not None
        assert "is this jumpseat server itself" in refusal
    assert policy.refusal_of_url("http://127.0.0.1:3002/") is None
    assert policy.refusal_of_url("http://8.8.8.8:3001/") is None


def test_localhost_is_private() -> None:
    refusal = EgressPolicy(allow_private=False).refusal_of_url("http://shop.localhost:8000/")
    assert refusal == (
        "http://shop.localhost:8000 is not opened: 127.0.0.1 is a loopback address, and JUMPSEAT_ALLOW_PRIVATE is false"
    )


@pytest.mark.parametrize("host", ["example.com", "cafe", "1.2.3.4.5", "", "256.256.256.256", "fe80"])
def test_names_are_no_addresses(host: str) -> None:
    assert literal(host) is None


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("shop.test", True), ("SHOP.test.", True), ("sho%70.test", True), ("a.cdn.test", True), ("a.b.cdn.test", True),
        ("127.0.0.1", True), ("0x7f.1", True), ("::1", True), ("[::1]", True),
        ("cdn.test", False), ("evilcdn.test", False), ("shop.test.evil.test", False), ("127.0.0.2", False), ("", False),
        ("metadata.google.internal", False),
    ],
)  # fmt: skip
def test_a_run_reaches_the_hosts_that_its_owner_has_named(host: str, allowed: bool) -> None:
    listed = ["shop.test", "*.cdn.test", "127.0.0.1", "::1", "metadata.google.internal"]
    policy = RestrictedPolicy(EgressPolicy(), listed)
    assert (policy.refusal_of_name(host) is None) is allowed
    assert policy.keeps_to_proxy
    assert RestrictedPolicy(EgressPolicy(), []).refusal_of_url("http://shop.test/") is not None
