"""A connection to NATS that publishes to JetStream. Imports the client: only for who has the extra."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import count
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error, MaxPayloadError, NoServersError
from nats.js.api import StreamConfig
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from workers.events import Event
from workers.sinks.attributes import CONTENT_TYPE, attributes
from workers.sinks.destinations import filled
from workers.sinks.link import ConnectionLost
from workers.sinks.nats import NatsOptions

_NO_RESPONDERS: Final = "503"


class NotAStream(Exception):
    """Somebody answered a publication, and it was not JetStream: nothing is stored."""


class NotEncrypted(Error):
    """The server, or somebody between, offers no TLS where the url wants it."""

    def __str__(self) -> str:
        return "the server does not encrypt, and the url begins with tls://: it was told nothing"


class _Client(Client):
    """nats-py takes TLS for what a server may offer: it would send the password in the clear to one that does not."""

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        server = self._current_server
        if initial_connection and server and server.uri.scheme == "tls" and not info.get("tls_required"):
            raise NotEncrypted
        await super()._process_info(info, initial_connection=initial_connection)


class _Error(msgspec.Struct):
    code: int | None = None
    err_code: int | None = None
    description: str | None = None


class _Answer(msgspec.Struct):
    """JetStream's PubAck: the stream and the number under which it has the message, or an error."""

    stream: str = ""
    seq: int = 0
    error: _Error | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


class NatsConnection:
    """Acknowledgements come back on one subscription, each under a subject of its own."""

    def __init__(self, options: NatsOptions) -> None:
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._client = _Client()
        self._options = options
        self._inbox = self._client.new_inbox()
        self._numbers = count()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._trouble: Exception | None = None

    async def open(self) -> None:
        try:
            await self._connect()
        except NoServersError as error:
            # It only says that it gave up, not why.
            raise self._trouble or error from error
        await self._client.subscribe(f"{self._inbox}.*", cb=self._on_ack)
        if self._options.create_stream:
            await self._create_stream(self._options.stream or "")

    async def _connect(self) -> None:
        await self._client.connect(
            self._options.url,
            name="shiftwire",
            tls=self._options.tls(),
            connect_timeout=self._options.timeout_seconds,  # type: ignore[arg-type]  # it takes fractions
            # The sink makes a new connection itself: this one would buffer what nobody waits for any more.
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=self._on_error,
            closed_cb=self._on_closed,
        )

    async def publish(self, event: Event) -> None:
        head = event.head
        headers = {"Nats-Msg-Id": head.id, "Content-Type": CONTENT_TYPE, **attributes(head, "ce-")}
        if self._options.stream:
            headers["Nats-Expected-Stream"] = self._options.stream
        self._check_size(event.json, headers)
        reply = f"{self._inbox}.{next(self._numbers)}"
        acknowledged = asyncio.get_running_loop().create_future()
        self._waiting[reply] = acknowledged
        try:
            await self._send(filled(self._options.subject, head), event.json, reply, headers)
            await acknowledged
        finally:
            del self._waiting[reply]

    async def close(self) -> None:
        try:
            await self._client.close()
        finally:
            self._abort()

    async def _send(self, subject: str, data: bytes, reply: str, headers: dict[str, str]) -> None:
        if not self._client.is_connected:
            raise ConnectionLost from self._client.last_error
        await self._client.publish(subject, data, reply=reply, headers=headers)

    def _check_size(self, data: bytes, headers: dict[str, str]) -> None:
        # The server counts the headers as well, and would close the connection.
        block = sum(len(name) + len(value.encode()) + 4 for name, value in headers.items())
        if len(data) + block + len("NATS/1.0\r\n\r\n") > self._client.max_payload:
            raise MaxPayloadError

    async def _create_stream(self, name: str) -> None:
        manager = self._client.jsm(timeout=self._options.timeout_seconds)
        try:
            await manager.stream_info(name)
        except NotFoundError:
            await manager.add_stream(StreamConfig(name=name, subjects=[self._options.wildcard]))

    async def _on_ack(self, message: Msg) -> None:
        waiting = self._waiting.get(message.subject)
        if waiting is None or waiting.done():
            return
        error = _refusal(message)
        if error is None:
            waiting.set_result(None)
        else:
            waiting.set_exception(error)

    async def _on_error(self, error: Exception) -> None:
        self._trouble = error
        # A missing permission is told once and for no message in particular; no acknowledgement will come.
        if "permissions violation" in str(error).lower():
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(error)

    async def _on_closed(self) -> None:
        if not self.lost.done():
            self.lost.set_result(self._client.last_error)

    def _abort(self) -> None:
        """Cut what a stalled server kept the client from closing."""
        transport: Any = self._client._transport  # noqa: SLF001 the client has no other way to give up
        writer: Any = getattr(transport, "_io_writer", None)
        with contextlib.suppress(AttributeError):
            writer.transport.abort()


def _refusal(message: Msg) -> Exception | None:
    """The error in the answer to a publication, or None when the stream has it."""
    if message.headers and message.headers.get("Status") == _NO_RESPONDERS:
        return NoStreamResponseError()
    try:
        answer = _ANSWER.decode(message.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return NotAStream("something else than a stream answers on the subject")
    if (error := answer.error) is not None:
        return APIError(code=error.code, err_code=error.err_code, description=error.description)
    if answer.stream and answer.seq > 0:
        return None
    return NotAStream("the answer on the subject names no stream that has the message")
