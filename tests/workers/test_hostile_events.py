"""Events that are read again from their own bytes: whatever a record held, they stay what they were."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from workers.events import Event

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# What a JSON number may be here without losing digits on the way through other readers.
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
records = st.dictionaries(texts | st.sampled_from(["origin", "ownwrite", "id", "data"]), values, max_size=5)
origins = st.sampled_from(["webhook", "delta", "sync", "reconcile"])


def event(origin: str, resource: dict[str, Any], extra: dict[str, Any]) -> Event:
    """An event as the gate writes one; `extra` stands for what a later release may add."""
    data = {"tenant": "acme", "collection": "assignments", "id": 1, "change": "updated", "resource": resource}
    head = dict.fromkeys(("id", "source", "type", "subject", "time", "sequence", "partitionkey"), "x")
    head |= {"dataschema": "x", "datacontenttype": "application/json", "specversion": "1.0", "origin": origin}
    return Event(msgspec.json.encode({**head, **extra, "data": data}))


extras = st.dictionaries(st.from_regex(r"\Aadded[a-z0-9]{1,8}\Z"), values, max_size=2)


@given(origins, records, extras)
def test_a_replay_changes_the_origin_and_nothing_else(
    origin: str, resource: dict[str, Any], extra: dict[str, Any]
) -> None:
    first = event(origin, resource, extra)
    again = first.as_replay()
    assert again.as_dict() == {**first.as_dict(), "origin": "replay"}
    assert again.head.origin == "replay"
    assert again.as_replay().json == again.json


@given(origins, records, extras)
def test_the_mark_of_an_own_write_changes_nothing_else(
    origin: str, resource: dict[str, Any], extra: dict[str, Any]
) -> None:
    first = event(origin, resource, extra)
    marked = first.as_own_write()
    assert marked.as_dict() == {**first.as_dict(), "ownwrite": True}
    assert (marked.head.ownwrite, first.head.ownwrite, marked.id) == (True, False, first.id)
    assert marked.as_replay().head.ownwrite


@given(st.binary(max_size=80) | values.map(msgspec.json.encode))
def test_what_is_no_event_is_a_decode_error(raw: bytes) -> None:
    try:
        assert Event(raw).head.id is not None
    except (msgspec.DecodeError, RecursionError):
        return
