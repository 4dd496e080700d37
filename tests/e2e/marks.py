"""Secrets that can be recognized wherever they turn up, also encoded."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator


class Marks:
    """Secrets by name. Letters and digits only, so that an address or a form holds them as they are."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self.secrets.setdefault(name, f"{name}{secrets.token_hex(16)}")

    def found_in(self, places: dict[str, bytes]) -> list[str]:
        """Which secret is where, in which form."""
        return [
            f"{name} in {place} ({form})"
            for name, secret in self.secrets.items()
            for form, text in forms(secret.encode())
            for place, content in places.items()
            if text in content
        ]


def forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """As it is, its second half (a text cut in the middle), in hex, and in base64 wherever in a longer text it stands."""
    yield "as it is", secret
    yield "first part", secret[:-8]
    yield "second part", secret[8:]
    yield "hex", secret.hex().encode()
    for before in range(3):
        encoded = base64.b64encode(b"." * before + secret)
        yield "base64", encoded[4 if before else 0 : -4]
