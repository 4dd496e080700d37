"""HTTP POST of CloudEvents, signed by Standard Webhooks. A 2xx answers for everything in the request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import httpx

from workers.clock import now
from workers.events import Event
from workers.sinks import standard_webhooks
from workers.sinks.base import CLOSED, Failure, Look
from workers.sinks.chunks import in_chunks
from workers.sinks.guarded_transport import AddressRefused, GuardedTransport
from workers.sinks.names import Resolve
from workers.sinks.reasons import readable
from workers.sinks.webhook_answers import failure_of, retry_after_seconds, verdict
from workers.sinks.webhook_message import Mode, message
from workers.sinks.webhook_options import WebhookOptions

if TYPE_CHECKING:
    from workers.outbound import Answered

#: How much of an answer is read, and for how long: enough for a reason and to use the connection again.
ANSWER_BYTES: Final = 4096
ANSWER_SECONDS: Final = 1.0


class WebhookSink:
    """`clock`: Unix seconds. `tls` defaults to the usual certificate authorities."""

    def __init__(
        self,
        name: str,
        options: WebhookOptions,
        *,
        clock: Callable[[], float] = now,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._name = name
        self._options = options
        self._mode: Mode = "batch" if options.batch > 1 else options.mode
        self._keys = options.keys
        self._headers = _headers(options)
        self._hidden = options.hidden
        self._clock = clock
        self._transport = _transport(options, resolve, tls or options.tls())
        self._closed = False

    def __repr__(self) -> str:
        return f"WebhookSink({self._name!r})"

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """With `batch` above 1 an answer names no single event: its failure is then that of all in the request."""
        return await in_chunks(events, self._options.batch, self._post)

    async def look(self) -> Look:
        """As far as a connection goes, encrypted where it has to be: any request would be a delivery."""
        seconds = self._options.timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                await self._transport.look()
        except TimeoutError:
            return Look("it takes no connection in time")
        except (OSError, AddressRefused) as error:
            return Look(failure_of(error, seconds=seconds, text=self._readable(str(error))).reason)
        return Look(unseen="it takes a connection, and a request would be a delivery")

    async def close(self) -> None:
        self._closed = True
        await self._transport.close()

    async def _post(self, events: Sequence[Event]) -> Failure | None:
        if self._closed:
            return CLOSED
        seconds = self._options.timeout_seconds
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                headers, body = self._request(events)
                answered = await self._transport.post(headers, body)
        except (TimeoutError, OSError, httpx.HTTPError, AddressRefused) as error:
            return failure_of(error, seconds=seconds, text=self._readable(str(error)))
        return await self._judged(answered, deadline)

    def _request(self, events: Sequence[Event]) -> tuple[dict[str, str], bytes]:
        sent = message(events, self._mode)
        msg_id = standard_webhooks.message_id([event.id for event in events])
        signed = standard_webhooks.headers(self._keys, msg_id, int(self._clock()), sent.body)
        return self._headers | sent.headers | signed, sent.body

    async def _judged(self, answered: Answered, deadline: float) -> Failure | None:
        """Judge by the status, which has arrived: however the rest of the answer behaves, it changes nothing."""
        until = min(deadline, asyncio.get_running_loop().time() + ANSWER_SECONDS)
        text = await answered.beginning(ANSWER_BYTES, until)
        if 200 <= answered.status < 300:
            return None
        after = retry_after_seconds(answered.headers, self._clock())
        said = self._readable(text.decode("utf-8", errors="replace"))
        return verdict(answered.status, retry_after=after, text=said)

    def _readable(self, text: str) -> str:
        return readable(text, hide=self._hidden)


def _transport(options: WebhookOptions, resolve: Resolve | None, tls: ssl.SSLContext) -> GuardedTransport:
    # A host may have several addresses: one that never answers leaves time for the next.
    return GuardedTransport(
        httpx.URL(options.url),
        connect=options.timeout_seconds / 3,
        allow_private=options.allow_private_addresses,
        allowed=options.allow_addresses,
        tls=tls,
        resolve=resolve,
    )


def _headers(options: WebhookOptions) -> dict[str, str]:
    """What goes with every request; those of the configuration win. Names in lower case."""
    # Compressed, a few bytes of an answer could become many.
    own = {"accept": "*/*", "user-agent": "Shiftwire", "accept-encoding": "identity"}
    return own | {name.lower(): value.get_secret_value() for name, value in options.headers.items()}
