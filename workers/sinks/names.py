"""The addresses of one host that may be connected to, asked for again every few seconds.

All who need them at the same time share one question. A name server that fails or says nothing costs no delivery for a while: what was
judged before is used, for as long as a short outage of it lasts. What it does say is judged anew and counts at once.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from workers.sinks.threads import Threads

#: Host → IP addresses, best first. Raises `OSError` when there are none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]

#: So long after they were last heard of, addresses are used while the name server does not answer.
STALE_SECONDS: Final = 60.0
#: So long it is waited for while there are addresses from before.
_PATIENCE_SECONDS: Final = 1.0


class Names:
    """`judge` gives the addresses that may be used and raises when there are none; `keep`: seconds until they are asked for again.

    `resolve`: by default the system's, in a thread of its own.
    """

    def __init__(
        self,
        host: str,
        judge: Callable[[Sequence[str]], Sequence[str]],
        keep: float,
        resolve: Resolve | None = None,
    ) -> None:
        self._host = host
        self._judge = judge
        self._keep = keep
        self._threads = Threads("names", 1)
        self._resolve = resolve or self._look_up
        self._known: Sequence[str] = ()
        self._until = self._stale_from = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def addresses(self) -> Sequence[str]:
        """At least one. Raises what `judge` raises, and `OSError` when nothing is known and the name server has no answer."""
        if _now() < self._until:
            return self._known
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._done)
        asking = self._asking
        # Whoever gives up does not take the answer from the others.
        await asyncio.wait([asking], timeout=_PATIENCE_SECONDS if self._usable() else None)
        if asking.cancelled():
            raise OSError("the sink was closed")
        if asking.done():
            asking.result()
        return self._known

    def doubt(self) -> None:
        """None of them takes a connection: they are asked for before the next one."""
        self._until = 0.0

    def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        self._threads.close()

    async def _ask(self) -> None:
        try:
            found = await self._resolve(self._host)
        except OSError:
            if not self._usable():
                raise
            self._until = _now() + self._keep
            return
        self._known, self._stale_from = (), 0.0  # an answer that is refused ends what was known
        self._known = self._judge(found)
        self._until = _now() + self._keep
        self._stale_from = self._until + STALE_SECONDS

    def _usable(self) -> bool:
        return bool(self._known) and _now() < self._stale_from

    def _done(self, asked: asyncio.Task[None]) -> None:
        if self._asking is asked:
            self._asking = None
        if not asked.cancelled():
            asked.exception()  # those who waited have heard it; there may be none left

    async def _look_up(self, host: str) -> list[str]:
        return await self._threads.run(look_up, host)


def look_up(host: str) -> list[str]:
    """Asks the system's resolver. Blocks. Raises `OSError`."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("no name can be written like that") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _now() -> float:
    return asyncio.get_running_loop().time()
