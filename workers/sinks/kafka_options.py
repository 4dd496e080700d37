"""What a kafka sink can be told."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from workers.sinks.base import SinkOptions
from workers.sinks.destinations import PLACEHOLDERS, example
from workers.sinks.extras import Extra
from workers.sinks.reasons import readable

_SERVER: Final = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")
#: What a delivery's promises rest on, what the sink's other options say, and what would load code.
_OWN: Final = re.compile(
    r"bootstrap\.servers|metadata\.broker\.list|enable\.(?:idempotence|gapless\.guarantee)|acks|request\.required\.acks|retries"
    r"|message\.send\.max\.retries|max\.in\.flight.*|(?:message|delivery|socket|transaction)\.timeout\.ms"
    r"|transactional\.id|plugin\.library\.paths|log_cb|.*_cb|delivery\.report\.only\.error|queuing\.strategy|test\..*"
)


def _servers(text: str) -> str:
    for server in text.split(","):
        found = _SERVER.fullmatch(server.strip())
        if not found or not 0 < int(found[1]) < 65536:
            raise ValueError("must be host:port, or several of them with commas between")
    return text


def _topic(template: str) -> str:
    name = example(template, PLACEHOLDERS)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", name) or name in (".", ".."):
        raise ValueError("is not the name of a topic: up to 249 letters, digits, dots, - and _")
    return template


def _settable(name: str) -> str:
    if _OWN.fullmatch(name):
        raise ValueError(f"{name} is set by the sink itself")
    return name


def _as_text(value: object) -> object:
    """YAML's numbers and truth values, as librdkafka reads them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


OptionName = Annotated[str, Field(min_length=1), AfterValidator(_settable)]
OptionValue = Annotated[SecretStr, BeforeValidator(_as_text, json_schema_input_type=str | int | float | bool)]


class KafkaOptions(SinkOptions):
    extra: ClassVar[Extra | None] = Extra("kafka", "confluent_kafka")

    type: Literal["kafka"]
    bootstrap_servers: Annotated[str, AfterValidator(_servers)] = Field(
        description="host:port, or several of them with commas between"
    )
    # Keys are those of one tenant: a compacted topic that tenants share would mix up their records.
    topic: Annotated[str, AfterValidator(_topic)] = Field(
        default="shiftwire.{tenant}", description="may hold {tenant}, {collection}, {change} and {type}"
    )
    # Any of the values may be a secret.
    options: dict[OptionName, OptionValue] = Field(
        default_factory=dict,
        description="anything else librdkafka can be told, such as security.protocol, sasl.* and compression.type; no value is ever shown",
    )

    @model_validator(mode="after")
    def _understood(self) -> Self:
        if self.options:
            _try(self.given, self.hidden)
        return self

    @property
    def given(self) -> dict[str, str]:
        return {name: value.get_secret_value() for name, value in self.options.items()}

    @property
    def hidden(self) -> frozenset[str]:
        return frozenset(self.given.values())


def _try(options: dict[str, str], hidden: frozenset[str]) -> None:
    """Raises ValueError when librdkafka refuses them. Without a server it connects to nothing."""
    from confluent_kafka import KafkaException, Producer  # noqa: PLC0415 - only where there is such a sink

    try:
        Producer({"log_level": "0", **options})
    except KafkaException as error:
        # It quotes the value that it does not understand.
        text = re.sub(r'Invalid value "[^"]*"', "Invalid value", error.args[0].str())
        raise ValueError(f"options: {readable(text, hide=hidden)}") from None
