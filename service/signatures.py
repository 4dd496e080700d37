"""Protime's HMAC signature: pure. The message is the raw request body, exactly as received, nothing else.

Header name, hash, encoding and key encoding are settings, since the vendor's text was out of reach (protime-api CHOICE-33).
"""

from __future__ import annotations

import base64
import hmac
from binascii import b2a_base64, hexlify
from collections.abc import Iterable
from dataclasses import dataclass

#: Characters of a signature in hex, by algorithm. In base64 it has fewer, so the length tells the two apart.
_HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}


@dataclass(frozen=True)
class Scheme:
    """How a tenant signs. `headers` are accepted names in lower case, as bytes.

    There is no setting for the encoding: base64 and hex in either case are always accepted.
    """

    headers: tuple[bytes, ...]
    algorithm: str = "sha256"
    key_encoding: str = "utf8"

    def key_bytes(self, key: str) -> bytes:
        """Raises ValueError when a key is not what `key_encoding` says, or empty: anybody could sign with that."""
        decoded = base64.b64decode(key, validate=True) if self.key_encoding == "base64" else key.encode()
        if not decoded:
            raise ValueError("the key is empty")
        return decoded


def verify(raw: bytes, sent: bytes, keys: Iterable[bytes], scheme: Scheme) -> bool:
    """Whether any of the keys signed the body. Compares in constant time; a malformed signature is a wrong one."""
    given = _bare(sent, scheme.algorithm)
    in_hex = len(given) == _HEX_LENGTH[scheme.algorithm]
    if in_hex:
        given = given.lower()
    good = False
    for key in keys:
        mac = hmac.digest(key, raw, scheme.algorithm)
        # The text is compared, not what it decodes to: base64 has several texts for the same bytes, and all but one
        # are nobody's signature. No early exit: the time must not tell which key fitted.
        good |= hmac.compare_digest(hexlify(mac) if in_hex else b2a_base64(mac, newline=False), given)
    return good


def _bare(sent: bytes, algorithm: str) -> bytes:
    """A signature without the spaces around it and the `sha256=` before it."""
    text = sent.strip()
    name, equals, rest = text.partition(b"=")
    # In base64, `=` is padding: nothing but padding follows it.
    return rest if equals and name.lower() == algorithm.encode() else text
