"""An HTTP transport that connects to checked addresses only.

The host is resolved here, each answer is judged, and the connection goes to the judged address itself, so a second
answer of the name server cannot lead elsewhere. The certificate is still checked against the name. What was judged counts as long as an
idle connection would be used again, or until none of it takes a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import httpx
from yarl import URL

from workers.sinks.addresses import Network, refusal
from workers.sinks.names import Names, Resolve

if TYPE_CHECKING:
    from workers.outbound import Answered

#: An idle connection is dropped before a usual receiver (5 s and more) drops it under the next request.
KEEP_SECONDS: Final = 4.0
MOST_CONNECTIONS: Final = 100
#: A host behind many addresses gives others every time.
_MOST_PINNED: Final = 100


class AddressRefused(Exception):
    """Every address of the host is one that must not be connected to."""


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
        resolve: Resolve | None = None,
    ) -> None:
        self._url = url
        self._host = url.raw_host.decode("ascii")
        self._is_address = _is_address(self._host)
        self._connect = connect
        self._tls = tls
        judge = partial(permitted, self._host, allow_private=allow_private, allowed=allowed)
        self._names = Names(self._host, judge, KEEP_SECONDS, resolve if not self._is_address else itself)
        self._pinned: dict[str, URL] = {}
        # aiohttp takes a fifth of a second to import: a command that sends nothing does not wait for it.
        from workers.outbound import Outbound  # noqa: PLC0415

        self._inner = Outbound(tls=tls, most=MOST_CONNECTIONS, keep_seconds=KEEP_SECONDS)

    async def post(self, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send to the first permitted address that takes a connection; the caller limits the time.

        Raises `AddressRefused`, `OSError` when the host is unknown, and what httpx raises.
        """
        *others, last = await self._names.addresses()
        for address in others:
            try:
                return await self._post(address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        try:
            return await self._post(last, headers, body)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self._names.doubt()
            raise

    async def look(self) -> None:
        """Connects to an address that `post` would take, and sends nothing. Raises `AddressRefused` and `OSError`."""
        *others, last = await self._names.addresses()
        for address in others:
            with contextlib.suppress(OSError, TimeoutError):
                await self._greet(address)
                return
        await self._greet(last)

    async def _greet(self, address: str) -> None:
        secure = self._url.scheme == "https"
        opening = asyncio.open_connection(
            address,
            self._url.port or (443 if secure else 80),
            ssl=self._tls if secure else None,
            server_hostname=self._host.rstrip(".") if secure else None,
        )
        _, writer = await asyncio.wait_for(opening, self._connect)
        writer.transport.abort()

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
        self._names.close()
        await self._inner.close()


async def itself(address: str) -> list[str]:
    """What an address in the place of a name resolves to."""
    return [address]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
