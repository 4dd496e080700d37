"""Protime's HMAC signature: pure. The message is the raw request body, exactly as received, nothing else.

Header name, hash, encoding and key encoding are settings, since the vendor's text was out of reach (protime-api CHOICE-33).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256, sha384, sha512

DIGESTS = {"sha256": sha256, "sha384": sha384, "sha512": sha512}


@dataclass(frozen=True)
class Scheme:
    """How a tenant signs. `headers` are accepted names in lower case, as bytes; `encoding` is tried first."""

    headers: tuple[bytes, ...]
    algorithm: str = "sha256"
    encoding: str = "base64"
    key_encoding: str = "utf8"

    def key_bytes(self, key: str) -> bytes:
        """Raises ValueError when a key is not what `key_encoding` says."""
        return base64.b64decode(key, validate=True) if self.key_encoding == "base64" else key.encode()


def verify(raw: bytes, sent: bytes, keys: Iterable[bytes], scheme: Scheme) -> bool:
    """Whether any of the keys signed the body. Compares in constant time; a malformed signature is a wrong one."""
    given = decode(sent, scheme)
    good = False
    for key in keys:
        mac = hmac.digest(key, raw, scheme.algorithm)
        # No early exit: the time must not tell which key fitted.
        good |= hmac.compare_digest(mac, given)
    return good


def decode(sent: bytes, scheme: Scheme) -> bytes:
    """The bytes of a signature in base64 or hex, with or without `sha256=` before it; empty when it is neither."""
    text = sent.strip()
    prefix = scheme.algorithm.encode() + b"="
    if text[: len(prefix)].lower() == prefix:
        text = text[len(prefix) :]
    size = DIGESTS[scheme.algorithm]().digest_size
    try:
        return (
            binascii.unhexlify(text) if len(text) == 2 * size else binascii.a2b_base64(text, strict_mode=True)
        )
    except (ValueError, binascii.Error):
        return b""
