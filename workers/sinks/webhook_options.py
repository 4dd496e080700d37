"""What a webhook sink can be told, checked as far as it can be without a network."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final, Literal, Self
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    SerializationInfo,
    field_serializer,
    model_validator,
)

from workers.sinks.base import SinkOptions
from workers.sinks.certificate_files import CertificateFile
from workers.sinks.standard_webhooks import SHORTEST_KEY, key_of

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: A part of a path that looks like chance is what opens it, as with the webhooks of chat services.
_CHANCE: Final = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w~.%-]{16,}")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")
#: What the sink sets itself, or what belongs to the connection.
_RESERVED: Final = frozenset(
    {"host", "accept-encoding", "content-length", "content-type", "transfer-encoding", "connection"}
)
_RESERVED_PREFIXES: Final = ("ce-", "webhook-")


def _receiver(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise ValueError("is not a URL") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("must be an http or https URL with a host")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise ValueError("has a port that does not exist")
    if parsed.userinfo:
        raise ValueError("must not hold a user name or password; put them into headers.Authorization")
    return url


def _settable(name: str) -> str:
    lowered = name.lower()
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError("is not the name of an HTTP header")
    if lowered in _RESERVED or lowered.startswith(_RESERVED_PREFIXES):
        raise ValueError(f"{lowered} is set by the sink itself")
    return name


def _printable(value: SecretStr) -> SecretStr:
    if not _HEADER_VALUE.fullmatch(value.get_secret_value()):
        raise ValueError("a header's value must be printable ASCII on one line")
    return value


def _usable(secret: SecretStr) -> SecretStr:
    key_of(secret.get_secret_value())
    return secret


def _listed(given: object) -> object:
    """One secret or several, or none."""
    return () if given is None else (given,) if isinstance(given, (str, SecretStr)) else given


Secret = Annotated[SecretStr, AfterValidator(_usable)]
Secrets = Annotated[
    tuple[Secret, ...],
    BeforeValidator(_listed, json_schema_input_type=SecretStr | list[SecretStr] | None),
]
HeaderName = Annotated[str, AfterValidator(_settable)]
HeaderValue = Annotated[SecretStr, AfterValidator(_printable)]


class WebhookOptions(SinkOptions):
    type: Literal["webhook"]
    # A query often holds a token: it is left out wherever the options are shown.
    url: Annotated[str, AfterValidator(_receiver), Field(repr=False)] = Field(
        description="the address that events are POSTed to"
    )
    secret: Secrets = Field(
        default=(),
        description="the signing secret, whsec_ and base64 of 24 bytes or more, or several while they are rotated: each message then carries a signature by each",
    )
    unsigned: bool = Field(
        default=False,
        description="deliver without signatures; leaving the secret out is an error unless it is meant",
    )
    mode: Literal["structured", "binary"] = Field(
        default="structured",
        description="how an event stands in a request; above a batch of 1 it is a CloudEvents batch",
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, description="sent with every request, an Authorization for instance"
    )
    allow_private_addresses: bool = Field(
        default=False, description="send to the own network and this machine too"
    )
    allow_addresses: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="private networks that may be sent to, such as 10.20.0.0/16"
    )
    ca_file: CertificateFile | None = Field(
        default=None,
        description="PEM file of the authorities that may have signed the certificate of the other side; the usual ones unless given",
    )
    cert_file: CertificateFile | None = Field(
        default=None, description="PEM file of the certificate by which the other side knows us"
    )
    key_file: CertificateFile | None = Field(default=None, description="PEM file of the key of cert_file")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.unsigned == bool(self.secret):
            raise ValueError("needs either a secret or `unsigned: true`")
        if self.mode == "binary" and self.batch > 1:
            raise ValueError(
                "mode binary carries one event a request: leave batch at 1 or use mode structured"
            )
        return self

    @model_validator(mode="after")
    def _consistent_tls(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together")
        if (self.ca_file or self.cert_file) and not self.url.startswith("https:"):
            raise ValueError("certificates need an encrypted connection: begin the url with https://")
        return self

    def tls(self) -> ssl.SSLContext:
        """What connections are encrypted with. Raises `OSError` when a file cannot be read or used."""
        context = (
            ssl.create_default_context(cafile=self.ca_file) if self.ca_file else httpx.create_ssl_context()
        )
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context

    @field_serializer("url")
    def _shown_url(self, url: str, info: SerializationInfo) -> str:
        return url if info.mode == "python" else url.partition("?")[0]

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The signing keys, newest first as configured; none when unsigned."""
        return tuple(key_of(secret) for secret in self._secrets())

    @property
    def hidden(self) -> frozenset[str]:
        """What must not appear in a text about this sink: secrets, header values, tokens in the path or the query."""
        values = [value.get_secret_value() for value in self.headers.values()]
        address = urlsplit(self.url)
        query = [value for _, value in parse_qsl(address.query)]
        path = [part for part in address.path.split("/") if _CHANCE.fullmatch(part)]
        bare = [secret.removeprefix("whsec_") for secret in self._secrets()]
        words = [
            word for value in values for word in value.split() if word.lower() not in ("bearer", "basic")
        ]
        return frozenset([*self._secrets(), *bare, *values, *words, *query, *path])

    def cautions(self) -> Iterator[tuple[str, str]]:
        if any(len(key) < SHORTEST_KEY for key in self.keys):
            text = (
                f"has less than the {SHORTEST_KEY} bytes of Standard Webhooks, so many receivers refuse it. "
                'Make one with: echo "whsec_$(openssl rand -base64 32)"'
            )
            yield "secret", text

    def _secrets(self) -> list[str]:
        return [secret.get_secret_value() for secret in self.secret]
