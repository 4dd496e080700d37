"""Notifications that are lost, doubled, late, wrongly signed, or none at all."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.prove.fault import Fault, Moment
from tests.prove.protime_modes import in_modes

TOKEN, KEY = "a-token-that-somebody-chose-by-hand", "a-key-that-protime-showed-once"
#: A collection whose key we know: what is malformed can be signed.
MANUAL = {
    "clockings": {"since": "2026-01-01", "fetch": "payload", "webhook": {"token": TOKEN, "keys": [KEY]}}
}
OFF = {
    "drop_probability": 0.0,
    "duplicate_probability": 0.0,
    "reorder_probability": 0.0,
    "delete_first_probability": 0.0,
    "bad_signature_probability": 0.0,
    "burst_seconds": 0.0,
    "envelope": "object",
}


def told(**settings: Any) -> Callable[[Moment], None]:
    """Notifications are so for a while, those of new and of removed records among them."""

    def strike(moment: Moment) -> None:
        protime = moment.house.protime
        protime.switch(**settings)
        end = time.monotonic() + moment.rng.uniform(0.5, 2.5)
        while time.monotonic() < end:
            protime.remove(protime.plan()["id"])
            protime.plan()
            time.sleep(0.1)
        protime.switch(**OFF)

    return strike


def _envelopes(moment: Moment) -> None:
    for envelope in ("array", "value", "object"):
        told(envelope=envelope)(moment)


def malformed(moment: Moment) -> None:
    """Well signed and not well formed, and the other way round, many times."""
    for _ in range(20):
        body, signed = moment.rng.choice((*_BODIES, _GOOD)), moment.rng.random() < 0.7
        token = TOKEN if moment.rng.random() < 0.8 else "nobody"
        expected = 404 if token != TOKEN else 413 if len(body) > 2_000_000 else 400 if signed else 401
        if expected == 400 and body is _GOOD:
            continue
        signature = base64.b64encode(hmac.digest(KEY.encode(), body, hashlib.sha256)).decode()
        headers = {"X-Protime-Signature": signature if signed else "bm9uc2Vuc2U="}
        answer = moment.house.http.post(f"/webhooks/acme/clockings/{token}", content=body, headers=headers)
        assert answer.status_code == expected, f"{answer.status_code}, not {expected}, for {body[:40]!r}"


_GOOD = b'{"changeType": "InsertOrUpdate", "data": {"id": 7, "changeVersion": "01", "date": "2026-03-09"}}'
_BODIES = (
    b"",
    b"{",
    b"null",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"changeType": "Insert',
    b'"a text"',
    json.dumps({"value": "not a list"}).encode(),
    b"a" * 3_000_000,
)


def notified(
    modes: str, name: str, cause: str, does: str, strike: Callable[[Moment], None], test: str, **house: Any
) -> Iterator[Fault]:
    effect = "what is received is not what happened"
    return in_modes(lambda: Fault(name, cause, effect, does, strike, test, house=house), *modes.split())


DELTA, ACCEPTANCE = "tests/e2e/test_deltas.py", "tests/service/test_notifications.py"

FAULTS: tuple[Fault, ...] = (
    *notified(
        "payload delta resource",
        "notifications lost",
        "Protime changes records and tells nobody",
        "the delta finds it at the next poll (here 2 s); where there is none, the comparison with a list",
        told(drop_probability=1.0),
        DELTA,
    ),
    *notified(
        "payload delta resource",
        "notifications doubled",
        "every notification comes twice",
        "the gate knows the version: the second one is superseded",
        told(duplicate_probability=1.0),
        "tests/workers/test_ingest.py",
    ),
    *notified(
        "payload delta resource",
        "notifications late",
        "each is late by up to half a second, and a creation comes after the deletion of its record",
        "older versions are superseded, and never bring a deleted record back",
        told(reorder_probability=1.0, delete_first_probability=0.5),
        "tests/workers/test_ingest.py",
    ),
    *notified(
        "payload delta",
        "notifications in bursts",
        "they are held and leave together every second",
        "accepted by one append for all that arrive together, drained in batches",
        told(burst_seconds=1.0),
        "tests/service/test_group_commit.py",
    ),
    *notified(
        "payload delta",
        "notifications wrongly signed",
        "half of all attempts carry a wrong signature",
        "401: Protime tries again, and a good signature is accepted",
        told(bad_signature_probability=0.5),
        "tests/service/test_signatures.py",
    ),
    *notified(
        "payload",
        "another envelope",
        "notifications come as arrays and as `value` lists, by turns",
        "all three forms are read",
        _envelopes,
        ACCEPTANCE,
    ),
    *notified(
        "payload delta",
        "malformed notifications",
        "well signed nonsense, unsigned nonsense, unknown paths, bodies of 3 MB, a hundred thousand brackets",
        "400, 401, 404 or 413 and not stored; everybody else's are accepted meanwhile",
        malformed,
        ACCEPTANCE,
        collections=MANUAL,
    ),
)
