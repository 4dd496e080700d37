"""What all baselines are given, by the environment: the store, Protime, the sink, and the key of the notifications.

The pure parts of the work stand here too, so that the baselines differ in nothing but their libraries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

import msgspec

ASSIGNMENTS = "/connector/protimeapi/api/v1/assignments/"
TOKEN = "/tenants/acme/connect/token"
FORM = {"grant_type": "client_credentials", "client_id": "shiftwire", "client_secret": "simulated-secret"}
USER_AGENT = {"User-Agent": "Baseline/v1 (Bench)"}
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Surroundings:
    """`redis` is a URL, `protime` and `sink` are addresses without a slash at the end."""

    redis: str
    protime: str
    sink: str
    key: bytes

    @classmethod
    def given(cls) -> Surroundings:
        names = ("BENCH_REDIS", "BENCH_PROTIME", "BENCH_SINK", "BENCH_KEY")
        redis, protime, sink, key = (os.environ[name] for name in names)
        return cls(redis, protime, sink, key.encode())

    def genuine(self, body: bytes, signature: str) -> bool:
        mac = base64.b64encode(hmac.digest(self.key, body, hashlib.sha256))
        return hmac.compare_digest(mac, signature.encode())


class _Named(msgspec.Struct):
    id: int


class _Notification(msgspec.Struct):
    data: _Named


class _Versioned(msgspec.Struct):
    id: int
    version: str = msgspec.field(name="changeVersion")


_notification = msgspec.json.Decoder(_Notification)
_record = msgspec.json.Decoder(_Versioned)


def resource_of(body: str | bytes) -> str:
    """Where at Protime the assignment of a notification is."""
    return f"{ASSIGNMENTS}{_notification.decode(body).data.id}"


def event_of(record: bytes) -> bytes:
    """What the sink gets: what identifies the change, and the record as Protime gave it."""
    known = _record.decode(record)
    data = {"id": known.id, "resource": msgspec.Raw(record)}
    return msgspec.json.encode({"sequence": known.version, "data": data})
