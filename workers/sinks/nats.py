"""NATS JetStream: published with acknowledgement; `Nats-Msg-Id` is the event id, so a stream knows a repetition.

A stream recognises it within its duplicate window (two minutes unless set otherwise). The data is the structured
CloudEvent, its attributes stand in the headers under `ce-`, as the CloudEvents binding for NATS names them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from workers.sinks.base import Failure
from workers.sinks.broker import BrokerSink
from workers.sinks.broker_options import BrokerOptions
from workers.sinks.destinations import WITH_ID, example
from workers.sinks.extras import Extra

_SUBJECT: Final = re.compile(r"[^\s.*>$][^\s.*>]*(\.[^\s.*>]+)*")
_STREAM: Final = re.compile(r"[^\s.*>/\\]+")
#: JetStream's error codes that concern one message: larger than the stream takes, rolled up or headed wrongly.
_THE_EVENTS_OWN: Final = frozenset({10054, 10071, 10111})


def _subject(template: str) -> str:
    if not _SUBJECT.fullmatch(example(template, WITH_ID)):
        raise ValueError(
            "must be words joined by dots, without blanks and wildcards, such as shiftwire.{tenant}"
        )
    return template


def _stream(name: str) -> str:
    if not _STREAM.fullmatch(name):
        raise ValueError("must be a name without blanks, dots, wildcards and slashes")
    return name


class NatsOptions(BrokerOptions):
    extra: ClassVar[Extra | None] = Extra("nats", "nats")
    schemes: ClassVar[tuple[str, ...]] = ("nats", "tls")
    secure: ClassVar[tuple[str, ...]] = ("tls",)

    type: Literal["nats"]
    subject: Annotated[str, AfterValidator(_subject)] = Field(
        default="shiftwire.{tenant}.{collection}.{change}",
        description="may hold {tenant}, {collection}, {change}, {type} and {id}",
    )
    stream: Annotated[str, AfterValidator(_stream)] | None = Field(
        default=None,
        description="the stream that must take the subject; any stream that takes it unless given",
    )
    create_stream: bool = Field(
        default=False,
        description="make the stream (on disk, without limits) if there is none of this name yet",
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.create_stream and self.stream is None:
            raise ValueError("create_stream needs the name of the stream")
        return self

    @property
    def wildcard(self) -> str:
        """The subject with `*` for every word that a placeholder stands in, `type` being several words."""
        several = ".".join("*" for _ in WITH_ID["type"].split("."))
        words = self.subject.replace("{type}", several).split(".")
        return ".".join("*" if "{" in word else word for word in words)


class NatsSink(BrokerSink):
    def __init__(self, name: str, options: NatsOptions) -> None:
        # Imported here, an extra: at its first connection it would hold up every lane of the worker for as long as that takes.
        from workers.sinks.nats_connection import NatsConnection  # noqa: PLC0415

        make = partial(NatsConnection, options)
        look = partial(NatsConnection, options.model_copy(update={"create_stream": False}))
        super().__init__(name, options, make=make, judge=judge, look=look)


def judge(error: Exception) -> Failure:
    """What an error of nats-py means."""
    from nats.errors import MaxPayloadError  # noqa: PLC0415 an extra
    from nats.js.errors import APIError, NoStreamResponseError  # noqa: PLC0415

    if isinstance(error, MaxPayloadError):
        return Failure("larger than the server takes (max_payload)", permanent=True)
    if isinstance(error, NoStreamResponseError):
        return Failure("no stream takes the subject: create one, or set `create_stream: true`", scope="sink")
    if isinstance(error, APIError):
        own = error.err_code in _THE_EVENTS_OWN
        said = f"JetStream: {error.description} ({error.err_code})"
        return Failure(said, permanent=own, scope="event" if own else "sink")
    return Failure(f"{type(error).__name__}: {error}", scope="sink")
