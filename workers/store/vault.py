"""Secrets at rest: what Redis holds of them is encrypted with a key derived from `secret_key`.

What a previous key sealed can still be opened while the configuration names that key.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class CannotOpen(Exception):
    """The value was sealed with a `secret_key` that is not known here."""


class Vault:
    def __init__(self, secret_key: str, previous: Sequence[str] = ()) -> None:
        self._current = _fernet(secret_key)
        self._any = MultiFernet([self._current, *map(_fernet, previous)])

    def seal(self, value: bytes) -> bytes:
        return self._current.encrypt(value)

    def open(self, sealed: bytes) -> bytes:
        """Raises `CannotOpen`."""
        try:
            return self._any.decrypt(sealed)
        except InvalidToken:
            raise CannotOpen(
                "a stored secret cannot be opened with this secret_key; start with the old key, or delete the "
                "subscriptions and let them be created anew. To replace a key, name the old one in "
                "previous_secret_keys"
            ) from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether `secret_key` itself opens it, rather than a previous one."""
        try:
            self._current.decrypt(sealed)
        except InvalidToken:
            return False
        return True


def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"shiftwire: secrets at rest").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
