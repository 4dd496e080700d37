"""An answer of which one byte was changed on its way: read, or called unreadable, and never anything else.

Most of such bytes leave JSON behind whose texts are not UTF-8.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workers.protime import ProtimeError, addresses, error_body, pages
from workers.protime.auth import token_answer
from workers.protime.webhooks import created_properties

PAGE = b'{"value":[{"id":7,"changeVersion":"01"}],"nextLink":"/a","deltaLink":"/d"}'
CHANGES = b'{"value":[{"changeType":"Delete","data":{"id":7}}],"deltaLink":"/d"}'
WEBHOOK = b'{"id":"7","status":"Enabled","validUntil":"2026-03-09T00:00:00Z","key":"secret"}'
ERROR = b'{"error":{"code":"Gone","message":"it is gone","details":[{"code":"x"}]}}'
READERS: dict[str, tuple[Callable[[bytes], Any], bytes]] = {
    "page": (pages.page, PAGE),
    "start of a delta": (pages.initial, PAGE),
    "delta": (pages.changes, CHANGES),
    "record": (lambda body: pages.resource(body).version, b'{"id":7,"changeVersion":"01"}'),
    "webhook": (pages.webhook, WEBHOOK),
    "webhooks": (pages.webhooks, b'{"value":[' + WEBHOOK + b"]}"),
    "creation": (lambda body: created_properties(body, httpx.Headers()), WEBHOOK),
    "error": (error_body.parse, ERROR),
    "token": (token_answer, b'{"access_token":"a","expires_in":60}'),
}


@pytest.mark.parametrize("name", READERS)
@given(at=st.integers(0), byte=st.integers(0, 255))
@example(at=12, byte=0xE9)
def test_a_damaged_answer_is_read_or_unreadable(name: str, at: int, byte: int) -> None:
    reader, sound = READERS[name]
    body = bytearray(sound)
    body[at % len(body)] = byte
    with contextlib.suppress(ProtimeError):
        reader(bytes(body))


@pytest.mark.parametrize("name", ["error", "creation"])
def test_these_two_are_read_whatever_they_hold(name: str) -> None:
    reader, sound = READERS[name]
    for at in range(len(sound)):
        reader(sound[:at] + b"\xe9" + sound[at + 1 :])


def test_one_change_that_is_not_utf8_does_not_spoil_the_others() -> None:
    found = pages.changes(CHANGES.replace(b"[{", b'[{"changeType":"\xe9","data":{"id":6}},{'))
    assert [(item.change_type, bytes(item.data)) for item in found.items] == [
        ("", b'{"changeType":"\xe9","data":{"id":6}}'),
        ("Delete", b'{"id":7}'),
    ]


def test_an_id_is_found_in_any_address() -> None:
    assert addresses.located("/webhooks/%E9?x") == "\ufffd"
