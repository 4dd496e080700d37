"""Whatever arrives is changes or refused in words; nothing else ever comes out of the parser."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.notifications import NotANotification, parse
from tests.service.rig import change
from workers.store.inbox import Arrival


def arrivals(body: Any) -> list[Arrival]:
    return parse(body if isinstance(body, bytes) else json.dumps(body).encode(), "assignments")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "data", "value", "x"]), inner)
    ),
    max_leaves=12,
)
CHANGE = st.fixed_dictionaries(
    {
        "changeType": st.sampled_from(["InsertOrUpdate", "Delete"]) | JSON,
        "data": st.fixed_dictionaries({"id": JSON}) | JSON,
    }
)


def is_answered(body: bytes) -> None:
    try:
        found = arrivals(body)
    except NotANotification:
        pass
    else:
        assert found
        assert all(isinstance(a, Arrival) and a.resource.startswith("assignments/") for a in found)


@given(st.binary(max_size=200))
def test_any_bytes_are_changes_or_refused(body: bytes) -> None:
    is_answered(body)


@given(CHANGE | st.lists(CHANGE) | st.fixed_dictionaries({"value": st.lists(CHANGE) | JSON}) | JSON)
def test_any_json_is_changes_or_refused(body: Any) -> None:
    is_answered(json.dumps(body).encode())


@given(
    st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=20),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=64),
)
def test_every_id_and_version_comes_out_as_it_went_in(numbers: list[int], version: str) -> None:
    found = arrivals([change(n, version) for n in numbers])
    assert [(a.resource, a.version) for a in found] == [(f"assignments/{n}", version) for n in numbers]


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_body_is_changes_or_refused(at: int, byte: int) -> None:
    body = bytearray(json.dumps([change(7, comments="café 😀", person={"id": 1}), change(8)]).encode())
    body[at % len(body)] = byte
    is_answered(bytes(body))
