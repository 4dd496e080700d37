"""An HTTP transport that connects to checked addresses only.

The host is resolved here, each answer is judged, and the connection goes to the judged address itself, so a second
answer of the name server cannot lead elsewhere. The certificate is still checked against the name. What was judged counts as long as an
idle connection would be used again, or until none of it takes a connection.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import httpx
from yarl import URL

from workers.sinks.addresses import Network, refusal

if TYPE_CHECKING:
    from workers.outbound import Answered

#: Host → IP addresses, best first. Raises `OSError` when there are none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]

#: An idle connection is dropped before a usual receiver (5 s and more) drops it under the next request.
KEEP_SECONDS: Final = 4.0
MOST_CONNECTIONS: Final = 100
#: A host behind many addresses gives others every time.
_MOST_PINNED: Final = 100


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
    """POSTs to one URL. `connect`: seconds for a connection to one address."""

    def __init__(
        self,
        url: httpx.URL,
        *,
        connect: float,
        allow_private: bool,
        tls: ssl.SSLContext,
        allowed: Sequence[Network] = (),
        resolve: Resolve = resolve,
    ) -> None:
        self._url = url
        self._host = url.raw_host.decode("ascii")
        self._is_address = _is_address(self._host)
        self._connect = connect
        self._allow_private = allow_private
        self._allowed = allowed
        self._resolve = resolve
        self._permitted: Sequence[str] = ()
        self._until = 0.0
        self._pinned: dict[str, URL] = {}
        # aiohttp takes a fifth of a second to import: a command that sends nothing does not wait for it.
        from workers.outbound import Outbound  # noqa: PLC0415

        self._inner = Outbound(tls=tls, most=MOST_CONNECTIONS, keep_seconds=KEEP_SECONDS)

    async def post(self, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send to the first permitted address that takes a connection; the caller limits the time.

        Raises `AddressRefused`, `OSError` when the host is unknown, and what httpx raises.
        """
        *others, last = await self._addresses()
        for address in others:
            try:
                return await self._post(address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        try:
            return await self._post(last, headers, body)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self._until = 0.0
            raise

    async def _addresses(self) -> Sequence[str]:
        now = asyncio.get_running_loop().time()
        if now >= self._until:
            found = [self._host] if self._is_address else await self._resolve(self._host)
            self._permitted = permitted(
                self._host, found, allow_private=self._allow_private, allowed=self._allowed
            )
            self._until = now + KEEP_SECONDS
        return self._permitted

    async def _post(self, address: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """`Host` header, server name and certificate check stay those of the host."""
        return await self._inner.post(
            self._at(address),
            {"host": self._url.netloc.decode("ascii"), **headers},
            body,
            connect=self._connect,
            server_name=None if self._is_address else self._host.rstrip("."),
        )

    def _at(self, address: str) -> URL:
        """The URL with an address for its host. Its path and query are not encoded anew."""
        if address not in self._pinned:
            if len(self._pinned) == _MOST_PINNED:
                self._pinned.clear()
            netloc = self._url.copy_with(host=address).netloc.decode("ascii")
            target = f"{self._url.scheme}://{netloc}{self._url.raw_path.decode('ascii')}"
            self._pinned[address] = URL(target, encoded=True)
        return self._pinned[address]

    async def close(self) -> None:
        await self._inner.close()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
