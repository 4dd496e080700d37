from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.protime import Malformed, ProtimeError, pages
from workers.protime.models import CreatedWebhook, Webhook

READERS: list[Callable[[bytes], Any]] = [
    pages.page,
    pages.initial,
    pages.changes,
    pages.resource,
    pages.webhook,
    pages.webhooks,
]


@pytest.mark.rule("3.4-envelope")
def test_a_page_may_be_empty_and_still_have_a_next_one() -> None:
    found = pages.page(b'{"value":[],"nextLink":"/a?b","somethingNew":1}')
    assert (found.items, found.next_link) == ([], "/a?b")


@pytest.mark.rule("6.1-bare")
def test_records_of_a_deltas_start_are_bare() -> None:
    found = pages.initial(b'{"value":[{"id":1}],"nextLink":"/a"}')
    assert [(item.change_type, bytes(item.data), item.deleted) for item in found.items] == [
        ("InsertOrUpdate", b'{"id":1}', False)
    ]
    assert (found.next_link, found.delta_link) == ("/a", "")


@pytest.mark.rule("6.1-wrapped", "6.1-types")
def test_changes_are_wrapped() -> None:
    found = pages.changes(
        b'{"value":[{"changeType":"Delete","data":{"id":1}},{"changeType":"Merged","data":{"id":2},"x":1}],"deltaLink":"/d"}'
    )
    assert [(item.change_type, bytes(item.data), item.deleted) for item in found.items] == [
        ("Delete", b'{"id":1}', True),
        ("Merged", b'{"id":2}', False),
    ]
    assert found.delta_link == "/d"


def test_one_change_of_another_shape_does_not_spoil_the_others() -> None:
    found = pages.changes(b'{"value":[{"id":7},{"changeType":"Delete","data":{"id":1}},3],"deltaLink":"/d"}')
    assert [(item.change_type, bytes(item.data)) for item in found.items] == [
        ("", b'{"id":7}'),
        ("Delete", b'{"id":1}'),
        ("", b"3"),
    ]


@pytest.mark.rule("6.1-last-page")
@pytest.mark.parametrize("reader", [pages.initial, pages.changes])
@pytest.mark.parametrize(
    "body", [b'{"value":[]}', b'{"value":[],"deltaLink":""}', b'{"value":[],"deltaLink":null}']
)
def test_a_delta_answer_without_a_link_is_no_answer(reader: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(Malformed, match="neither"):
        reader(body)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("body", [b"<html></html>", b"", b"[]", b"null", b"[" * 100_000, b"\xff"])
def test_a_success_of_something_in_front_of_protime_is_transient(
    reader: Callable[[bytes], Any], body: bytes
) -> None:
    with pytest.raises(Malformed):
        reader(body)


@given(st.binary() | st.text().map(str.encode))
def test_no_body_breaks_a_reader(body: bytes) -> None:
    for reader in READERS:
        with contextlib.suppress(ProtimeError):
            reader(body)


def test_a_resource_is_looked_into_only_when_asked() -> None:
    found = pages.resource(b' {"id":757085,"changeVersion":"0001E7C5000098FA0013","from":"2026-03-10"}')
    assert (found.version, found.head.id) == ("0001E7C5000098FA0013", 757085)
    assert pages.resource(b'{"id":1}').version == ""
    assert pages.resource(b'{"id":"550e8400-e29b-41d4-a716-446655440000"}').head.id.startswith("550e")  # type: ignore[union-attr]


@pytest.mark.rule("8.3-valid-until")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-31T12:30:00+02:00", datetime(2025, 3, 31, 12, 30, tzinfo=timezone(timedelta(hours=2)))),
        ("2025-03-31T12:30:00.1234567Z", datetime(2025, 3, 31, 12, 30, 0, 123457, tzinfo=UTC)),
        ("2025-03-31T12:30:00", datetime(2025, 3, 31, 12, 30, tzinfo=UTC)),
        ("soon", None),
        (5, None),
        (None, None),
    ],
)
def test_validity_is_an_aware_time(text: Any, expected: datetime | None) -> None:
    body = msgspec.json.encode({"id": "a7d8", "validUntil": text, "status": "Paused", "newThing": {}})
    assert pages.webhook(body) == Webhook("a7d8", "Paused", expected)


def test_a_webhooks_id_may_be_a_number() -> None:
    assert pages.webhook(b'{"id":7}').id == "7"


def test_a_key_is_not_shown() -> None:
    assert "s3cr3t" not in repr(CreatedWebhook("s3cr3t", Webhook("1")))
