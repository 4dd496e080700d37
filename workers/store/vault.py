"""Secrets at rest: what Redis holds of them is encrypted with a key derived from `secret_key`."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class CannotOpen(Exception):
    """The value was sealed with another `secret_key`."""


class Vault:
    def __init__(self, secret_key: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"shiftwire: secrets at rest").derive(
            secret_key.encode()
        )
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, value: bytes) -> bytes:
        return self._fernet.encrypt(value)

    def open(self, sealed: bytes) -> bytes:
        """Raises `CannotOpen`."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise CannotOpen(
                "a stored secret cannot be opened with this secret_key; start with the old key, or delete the "
                "subscriptions and let them be created anew"
            ) from None
