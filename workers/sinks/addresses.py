"""The addresses a webhook may be sent to.

A webhook's URL is configuration, what its host resolves to is not: a name may point into the own network, at the
cloud's metadata service for instance (server-side request forgery). Judged is therefore the address, not the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Services that hand out credentials of the machine: AWS, GCP and Azure share the first; ECS, EKS; Alibaba; Azure WireServer.
_METADATA: Final = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
#: IPv6 prefixes that carry an IPv4 address in their last 32 bits: mapped, compatible, NAT64 (RFC 6052).
_CARRY_IPV4: Final = tuple(IPv6Network(text) for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96"))
#: Not routed on the internet although `is_global` of some Python releases says so.
_NOT_PUBLIC: Final = (
    IPv4Network("192.88.99.0/24"),
    IPv6Network("fec0::/10"),
    IPv6Network("3fff::/20"),
    IPv6Network("5f00::/16"),
    IPv6Network("2001::/23"),
    IPv6Network("64:ff9b:1::/48"),
)


def refusal(address: str, *, allow_private: bool, allowed: Sequence[Network] = ()) -> str | None:
    """What speaks against connecting to this IP address, or None.

    `allow_private` admits loopback and the own network, `allowed` parts of them; metadata services, link-local,
    multicast and unspecified addresses are never a receiver. Raises `ValueError` when the text is not an IP address.
    """
    for judged in _what_it_reaches(ip_address(address)):
        admitted = allow_private or any(judged in net for net in allowed if net.version == judged.version)
        kind = _never(judged) or (None if admitted else _private(judged))
        if kind:
            return kind
    return None


def _what_it_reaches(address: Address) -> tuple[Address, ...]:
    if isinstance(address, IPv4Address) or address in (IPv6Address("::"), IPv6Address("::1")):
        return (address,)
    if any(address in network for network in _CARRY_IPV4):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return (address,) if address.sixtofour is None else (address, address.sixtofour)


def _never(address: Address) -> str | None:
    if address in _METADATA:
        return "a metadata service"
    if address.is_unspecified:
        return "unspecified"
    if address.is_multicast:
        return "multicast"
    return "link-local" if address.is_link_local else None


def _private(address: Address) -> str | None:
    if address.is_loopback:
        return "loopback"
    listed = any(address in network for network in _NOT_PUBLIC if network.version == address.version)
    return "private" if listed or address.is_reserved or not address.is_global else None
