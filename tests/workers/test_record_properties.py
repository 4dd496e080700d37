"""A record comes from Protime byte by byte: whatever it holds is decided or rejected, and holds up no other."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from redis.asyncio import Redis

from tests.fuzz.record import is_decided
from tests.service.event_log import EventLog, installed
from tests.service.rig import config
from workers.store.inbox import Arrival

SOUND = {"id": 7, "changeVersion": "01", "person": {"id": 1}, "from": "2026-03-09", "comments": "Café 😀"}
#: "Café" as a system of the nineties writes it.
LATIN = b'{"id":7,"changeVersion":"01","comments":"Caf\xe9"}'


@given(st.binary(max_size=60))
@example(LATIN)
@example(b'{"id":"\xe9"}')
@example(b'{"id":7,"x":' + b"[" * 5000 + b"]" * 5000 + b"}")
def test_any_bytes_are_decided_or_rejected(record: bytes) -> None:
    is_decided(record)


@given(st.integers(0), st.integers(0, 255), st.booleans())
def test_a_damaged_record_is_decided_or_rejected(at: int, byte: int, escaped: bool) -> None:
    record = bytearray(json.dumps(SOUND, ensure_ascii=escaped).encode())
    record[at % len(record)] = byte
    is_decided(bytes(record))


@pytest.mark.parametrize("data", [LATIN, b"{", b"[]", b'{"id":7,"from":5}'])
async def test_a_record_that_cannot_be_read_is_a_dead_letter_and_holds_up_no_other(
    redis: Redis, redis_url: str, data: bytes
) -> None:
    log = EventLog(config(installed(redis_url, store={"url": redis_url, "partitions": 1})), redis)
    inbox = log.store.inbox
    await inbox.append("acme", "delta", [Arrival("assignments/7", "01", deleted=False, data=data)])
    await log.change(8)
    assert [await redis.xlen(p.inbox) for p in [inbox.partition("acme", "assignments/7")]] == [0]
    assert await redis.xlen(inbox.partition("acme", "assignments/8").events) == 1
