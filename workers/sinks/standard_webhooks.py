"""Signatures of Standard Webhooks 1.0.0, symmetric (`v1`).

Signed are the bytes `id.timestamp.body`. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

PREFIX: Final = "whsec_"
#: Bytes. "between 24 bytes (192 bits) and 64 bytes (512 bits)"; more harm nobody.
SHORTEST_KEY: Final = 24


def key_of(secret: str) -> bytes:
    """The key in a secret: base64, with or without `whsec_` before and `=` behind it.

    Raises `ValueError`, whose text does not repeat the secret.
    """
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a secret of Standard Webhooks is `whsec_` followed by base64") from None
    if not key:
        raise ValueError("the secret is empty")
    return key


def message_id(event_ids: Sequence[str]) -> str:
    """The `webhook-id` of these events: the same for the same events, so that a retry can be recognized.

    One event keeps its own id (percent-encoded where the specification and HTTP want it: no full stop, ASCII only).
    """
    if len(event_ids) == 1:
        return quote(event_ids[0], safe="/:@!$&'()*+,;=").replace(".", "%2E")
    return f"batch_{hashlib.sha256(chr(10).join(event_ids).encode()).hexdigest()[:32]}"


def signature(keys: Sequence[bytes], msg_id: str, timestamp: int, body: bytes) -> str:
    """One signature for each key, separated by spaces; while secrets rotate there are several."""
    signed = b"%s.%d.%s" % (msg_id.encode("ascii"), timestamp, body)
    digests = (hmac.digest(key, signed, "sha256") for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode('ascii')}" for digest in digests)


def headers(keys: Sequence[bytes], msg_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; without a key only the two that identify the message. `timestamp`: Unix seconds."""
    identity = {"webhook-id": msg_id, "webhook-timestamp": str(timestamp)}
    return identity | ({"webhook-signature": signature(keys, msg_id, timestamp, body)} if keys else {})
