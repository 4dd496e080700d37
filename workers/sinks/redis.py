"""Entries of a Redis stream, each event once.

The ids of the events of the last `remember_seconds` lie beside the stream in the sorted set `<stream>:ids`; appending and
remembering are one script, so a delivery that is repeated after a broken connection adds nothing. An entry has the fields
`id`, `type`, `source`, `subject` and `partitionkey` of the CloudEvent, and the whole of it as JSON in `event`.

How durable an entry is, is a matter of the target: with `appendfsync always` it is on its disk when the delivery counts,
with `everysec` (Redis' default when the append-only file is on) a loss of power may take the last second, and without an
append-only file a restart takes everything since the last snapshot.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, RedisError

from workers.events import Event
from workers.sinks.base import CLOSED, Failure, Look
from workers.sinks.broker_options import BrokerOptions
from workers.sinks.chunks import HELD_BACK
from workers.sinks.destinations import PLACEHOLDERS, example, filled
from workers.sinks.reasons import readable
from workers.sinks.rounds import in_rounds

_SCRIPT: Final = Path(__file__).with_name("redis_append.lua")
#: Deliveries under way at the same time; the script of one runs to its end before the next.
_CONNECTIONS: Final = 4
#: Bytes of events in one script.
_SCRIPT_BYTES: Final = 8 * 1024 * 1024


def _stream(template: str) -> str:
    example(template, PLACEHOLDERS)
    if template.startswith("sw:"):
        raise ValueError("must not begin with sw:, where the store keeps its own keys")
    return template


class RedisOptions(BrokerOptions):
    """`url`: redis://[user:password@]host[:port][/database], rediss:// with TLS."""

    schemes: ClassVar[tuple[str, ...]] = ("redis", "rediss")
    secure: ClassVar[tuple[str, ...]] = ("rediss",)

    type: Literal["redis"]
    stream: Annotated[str, AfterValidator(_stream)] = Field(
        default="shiftwire",
        description="the key of the stream; may hold {tenant}, {collection}, {change} and {type}",
    )
    maxlen: int | None = Field(
        default=None,
        ge=1,
        description="about how many entries the stream keeps; left out, none is ever removed",
    )
    remember_seconds: int = Field(
        default=86_400,
        ge=1,
        le=31_536_000,
        description="how long an event's id is remembered, so that a repetition adds nothing; at least the retry budget",
    )

    @field_validator("url")
    @classmethod
    def _numbered_database(cls, url: str) -> str:
        if not re.fullmatch("/?[0-9]*", urlsplit(url).path):
            raise ValueError("must end with the host or the number of a database")
        return url


class RedisSink:
    def __init__(self, name: str, options: RedisOptions) -> None:
        self._name = name
        self._options = options
        self._hidden = options.hidden
        self._redis = _client(options)
        self._append = self._redis.register_script(_SCRIPT.read_text(encoding="utf-8"))
        self._closed = False

    def __repr__(self) -> str:
        return f"RedisSink({self._name!r})"

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """One script for all; huge events one by one, for the server does nothing else meanwhile."""
        deadline = asyncio.get_running_loop().time() + self._options.timeout_seconds
        if sum(len(event.json) for event in events) > _SCRIPT_BYTES:
            return await in_rounds(events, 1, partial(self._run, deadline))
        return await self._run(deadline, events) if events else {}

    async def _run(self, deadline: float, events: Sequence[Event]) -> Mapping[int, Failure]:
        """What the script answers for each event says whether it is in the stream."""
        if self._closed:
            return dict.fromkeys(range(len(events)), CLOSED)
        keys, values = arguments(events, self._options)
        try:
            async with asyncio.timeout_at(deadline):
                answers: list[bytes] = await self._append(keys=keys, args=values)
        except (RedisError, OSError, RuntimeError) as error:
            # RuntimeError: what uvloop says of a connection that was just lost.
            return dict.fromkeys(range(len(events)), self._away(error))
        return self._verdicts([answer.decode(errors="replace") for answer in answers])

    async def look(self) -> Look:
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                await self._redis.ping()
        except NoPermissionError:
            return Look()  # it knows us, and lets us do other things
        except (RedisError, OSError, RuntimeError) as error:
            return Look(self._away(error).reason)
        return Look()

    async def close(self) -> None:
        self._closed = True
        await self._redis.aclose()

    def _verdicts(self, answers: Sequence[str]) -> dict[int, Failure]:
        failures: dict[int, Failure] = {}
        for index, answer in enumerate(answers):
            if answer == "held":
                failures[index] = HELD_BACK
            elif answer.startswith("WRONGTYPE"):
                failures[index] = Failure("the key of the stream holds something else than a stream")
            elif answer:
                # Out of memory, read-only, no permission: the same for every event.
                reason = readable(answer, hide=self._hidden)
                return failures | dict.fromkeys(range(index, len(answers)), Failure(reason, scope="sink"))
        return failures

    def _away(self, error: Exception) -> Failure:
        if isinstance(error, TimeoutError) and not str(error):
            return Failure(f"no answer within {self._options.timeout_seconds:g} s", scope="sink")
        text = readable(str(error), hide=self._hidden)
        return Failure(f"{type(error).__name__}: {text}" if text else type(error).__name__, scope="sink")


def arguments(events: Sequence[Event], options: RedisOptions) -> tuple[list[str], list[str | int | bytes]]:
    """The script's KEYS and ARGV (see there)."""
    numbers: dict[str, int] = {}
    length = "" if options.maxlen is None else options.maxlen
    values: list[str | int | bytes] = [options.remember_seconds, length]
    for event in events:
        head = event.head
        number = numbers.setdefault(filled(options.stream, head), len(numbers) + 1)
        resource = f"{head.data.tenant}/{head.partitionkey}"
        values += [
            number,
            resource,
            head.id,
            head.type,
            head.source,
            head.subject,
            head.partitionkey,
            event.json,
        ]
    return [key for stream in numbers for key in (stream, f"{stream}:ids")], values


def _client(options: RedisOptions) -> Redis:
    seconds = options.timeout_seconds
    pool = BlockingConnectionPool.from_url(
        options.url,
        max_connections=_CONNECTIONS,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        # Once, at once: for a connection that went stale since the last delivery.
        retry=Retry(NoBackoff(), 1),
        **_tls(options),
    )
    return Redis.from_pool(pool)


def _tls(options: RedisOptions) -> dict[str, Path]:
    given = {
        "ssl_ca_certs": options.ca_file,
        "ssl_certfile": options.cert_file,
        "ssl_keyfile": options.key_file,
    }
    return {name: file for name, file in given.items() if file is not None}
