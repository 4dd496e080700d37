"""The signature of a delivery: an HMAC of exactly the bytes that are sent (CHOICE-33). Pure."""

from __future__ import annotations

import base64
import hmac

from simulator.settings import Settings


def sign(payload: bytes, key: str, settings: Settings) -> str:
    """Return the value of the signature header."""
    raw_key = base64.b64decode(key) if settings.signature_key_encoding == "base64" else key.encode()
    mac = hmac.digest(raw_key, payload, settings.signature_algorithm)
    text = mac.hex() if settings.signature_encoding == "hex" else base64.b64encode(mac).decode()
    return settings.signature_prefix + text
