"""What the sinks of message brokers can be told in common: where the broker is, and how it is trusted."""

from __future__ import annotations

import re
import ssl
from typing import Annotated, ClassVar, Self
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import Field, SerializationInfo, field_serializer, field_validator, model_validator

from workers.sinks.base import SinkOptions
from workers.sinks.certificate_files import CertificateFile


class BrokerOptions(SinkOptions):
    """A sink names the `schemes` of its URLs, and its subset that is encrypted."""

    schemes: ClassVar[tuple[str, ...]]
    secure: ClassVar[tuple[str, ...]]

    url: Annotated[str, Field(repr=False)] = Field(
        description="the address of the server, with user name and password where it wants them, percent-encoded"
    )
    ca_file: CertificateFile | None = Field(
        default=None,
        description="PEM file of the authorities that may have signed the certificate of the other side; the usual ones unless given",
    )
    cert_file: CertificateFile | None = Field(
        default=None, description="PEM file of the certificate by which the other side knows us"
    )
    key_file: CertificateFile | None = Field(default=None, description="PEM file of the key of cert_file")

    @field_validator("url")
    @classmethod
    def _broker(cls, url: str) -> str:
        if re.match(r"[a-z]+://[^/?#]*[/?#].*@", url, re.DOTALL):
            # Another host would be asked, by the first part of a password.
            raise ValueError("has a password that ends the address early; put % codes for / ? # and @ in it")
        parts = _split(url)
        if parts.scheme not in cls.schemes or not parts.hostname:
            raise ValueError(f"must be {_listed(cls.schemes)} and a host")
        if parts.query or parts.fragment:
            raise ValueError(
                "must have no query and no fragment; put % codes for such characters in a password"
            )
        return url

    @field_serializer("url")
    def _shown_url(self, url: str, info: SerializationInfo) -> str:
        parts = urlsplit(url)
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        return url if info.mode == "python" else shown

    @model_validator(mode="after")
    def _consistent_tls(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together")
        if not self.is_secure and (self.ca_file or self.cert_file):
            raise ValueError(
                f"certificates need an encrypted connection: begin the url with {_listed(self.secure)}"
            )
        return self

    @property
    def address(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def is_secure(self) -> bool:
        return self.address.scheme in self.secure

    @property
    def user(self) -> str | None:
        return unquote(self.address.username) if self.address.username else None

    @property
    def password(self) -> str | None:
        return unquote(self.address.password) if self.address.password else None

    @property
    def hidden(self) -> frozenset[str]:
        """Everything that must not appear in a text about this sink, as written and as meant."""
        # A user name without a password is a token.
        written = self.address.password or self.address.username or ""
        return frozenset({written, unquote(written)} - {""})

    def tls(self) -> ssl.SSLContext | None:
        """None for a plain connection. Raises `OSError` when a file cannot be read or used."""
        if not self.is_secure:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        exists = parts.port != 0
    except ValueError:
        exists = False
    if not exists:
        raise ValueError("is not a URL, or has a port that does not exist")
    return parts


def _listed(schemes: tuple[str, ...]) -> str:
    return " or ".join(f"{scheme}://" for scheme in schemes)
