from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.sinks.addresses import refusal


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_connected_to(address):
    assert refusal(address, allow_private=False) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.0.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("198.18.0.1", "private"),
        ("192.0.2.1", "private"),
        ("240.0.0.1", "private"),
        ("255.255.255.255", "private"),
        ("fd12::1", "private"),
        ("fec0::1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("::10.0.0.1", "private"),
        ("64:ff9b::a00:1", "private"),
        ("64:ff9b:1::1", "private"),
        ("2001:db8::1", "private"),
        ("2001::1", "private"),
    ],
)
def test_the_own_network_is_refused_unless_allowed(address, kind):
    assert refusal(address, allow_private=False) == kind
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("allow", [True, False])
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("169.254.169.254", "a metadata service"),
        ("::ffff:169.254.169.254", "a metadata service"),
        ("64:ff9b::a9fe:a9fe", "a metadata service"),
        ("100.100.100.200", "a metadata service"),
        ("168.63.129.16", "a metadata service"),
        ("fd00:ec2::254", "a metadata service"),
        ("169.254.1.1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("::ffff:0.0.0.0", "unspecified"),
    ],
)
def test_what_is_never_a_receiver_is_always_refused(address, kind, allow):
    assert refusal(address, allow_private=allow) == kind


@given(number=st.integers(0, 2**32 - 1))
def test_an_address_is_judged_the_same_in_every_ipv6_disguise(number):
    plain = refusal(str(IPv4Address(number)), allow_private=False)
    for prefix in (0xFFFF << 32, 0x64FF9B << 96):
        assert refusal(str(IPv6Address(prefix | number)), allow_private=False) == plain


def test_a_name_is_not_an_address():
    with pytest.raises(ValueError, match="localhost"):
        refusal("localhost", allow_private=True)
