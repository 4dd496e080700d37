"""An HTTP transport that connects to checked addresses only.

The host is resolved here, each answer is judged, and the connection goes to the judged address itself, so a second
answer of the name server cannot lead elsewhere. The certificate is still checked against the name.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Final

import httpx

from workers.sinks.addresses import Network, refusal

#: Host → IP addresses, best first. Raises `OSError` when there are none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]

#: An idle connection is dropped before a usual receiver (5 s and more) drops it under the next request.
KEEP_SECONDS: Final = 4.0
MOST_CONNECTIONS: Final = 100


class AddressRefused(Exception):
    """Every address of the host is one that must not be connected to."""


async def resolve(host: str) -> list[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def permitted(
    host: str, addresses: Sequence[str], *, allow_private: bool, allowed: Sequence[Network] = ()
) -> list[str]:
    """The addresses that may be connected to. Raises `AddressRefused` when none is left."""
    judged = {a: refusal(a, allow_private=allow_private, allowed=allowed) for a in addresses}
    left = [address for address, kind in judged.items() if kind is None]
    if left:
        return left
    found = ", ".join(f"{address} ({kind})" for address, kind in judged.items())
    raise AddressRefused(f"refused to connect: {host} is {found or 'no address'}")


class GuardedTransport:
    def __init__(
        self,
        *,
        allow_private: bool,
        tls: ssl.SSLContext,
        allowed: Sequence[Network] = (),
        resolve: Resolve = resolve,
    ) -> None:
        self._allow_private = allow_private
        self._allowed = allowed
        self._resolve = resolve
        # aiohttp takes a fifth of a second to import: a command that sends nothing does not wait for it.
        from workers.outbound import Outbound  # noqa: PLC0415

        self._inner = Outbound(tls=tls, most=MOST_CONNECTIONS, keep_seconds=KEEP_SECONDS)

    async def begin(self, request: httpx.Request) -> httpx.Response:
        """Send to the first permitted address that takes a connection.

        Raises `AddressRefused`, `OSError` when the host is unknown, and what httpx raises.
        """
        host = request.url.raw_host.decode("ascii")
        addresses = await self._addresses(host)
        *others, last = permitted(host, addresses, allow_private=self._allow_private, allowed=self._allowed)
        for address in others:
            try:
                return await self._inner.begin(_pinned(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._inner.begin(_pinned(request, host, last))

    async def close(self) -> None:
        await self._inner.close()

    async def _addresses(self, host: str) -> Sequence[str]:
        return [host] if _is_address(host) else await self._resolve(host)


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """Let the request go to `address`; `Host` header, server name and certificate check stay those of `host`."""
    if host == address:
        return request
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        content=request.content,
        extensions={**request.extensions, "sni_hostname": host.rstrip(".")},
    )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
