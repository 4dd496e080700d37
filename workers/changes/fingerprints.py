"""Telling that a hidden value changed without keeping it: keyed digests instead of values."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec

_DIGITS = 16
_encode = msgspec.json.Encoder(order="deterministic").encode


class Fingerprints:
    """Digests under one key. Badge numbers and names are easily guessed: without a key a digest would give them away."""

    def __init__(self, secret: str) -> None:
        key = secret.encode()
        self._key = hmac.digest(key, b"shiftwire: fingerprints of hidden values", "sha256")
        #: Names the key, so that digests of another one are not taken for changes.
        self.key_id = self._digest(b"the key itself")

    def of(self, owner: object, values: list[Any]) -> str:
        """The digest of what one owner has there, so that two owners of the same do not look the same; "" for nothing."""
        if all(value is None for value in values):
            return ""
        try:
            return self._digest(_encode([owner, values]))
        except (ValueError, OverflowError, RecursionError):  # lone surrogates, huge integers, deep nesting
            return self._digest(b"what cannot be written")

    def _digest(self, message: bytes) -> str:
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:_DIGITS]
