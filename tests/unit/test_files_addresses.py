"""Which addresses are public? Every range that is the worker's own, or its cloud's, in every way to write it."""

from __future__ import annotations

import pytest

from workers.files.addresses import is_public, resolve

PRIVATE = [
    "0.0.0.1", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.1",
    "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%2", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1",
    "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1.1.1.1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:0:7f00:1::",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "52.216.0.1", "2606:4700:4700::1111", "2a00:1450:4001:82b::200e",
    "::ffff:1.1.1.1", "2002:101:101::1", "64:ff9b::1.1.1.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "0x7f000001", "017700000001", "2130706433", "127.0.0.1"])
def test_a_host_that_is_a_number_is_an_address(host: str) -> None:
    assert resolve(host, 443) == ["127.0.0.1"]


def test_localhost_is_not_public() -> None:
    assert not any(is_public(address) for address in resolve("localhost", 443))
