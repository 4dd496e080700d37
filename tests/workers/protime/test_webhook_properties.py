"""What the creation of a webhook is answered with: whatever it is, there is an id to delete it by, or an empty one."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.protime import addresses
from workers.protime.webhooks import created_properties, webhook_key

NAMES = ["key", "signingKey"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", *NAMES]), inner),
    max_leaves=6,
)


@given(st.binary(max_size=60) | JSON.map(json.dumps).map(str.encode), st.none() | st.binary(max_size=30))
def test_any_answer_has_an_id_and_at_most_one_key(body: bytes, location: bytes | None) -> None:
    headers = httpx.Headers([] if location is None else [(b"location", location)])
    found = created_properties(body, headers)
    assert "id" in found
    key = webhook_key(found, NAMES)
    assert key is None or (key and key in [found.get(name) for name in NAMES])


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"id":' * 100_000])
def test_what_is_nested_without_end_is_no_answer(body: bytes) -> None:
    assert created_properties(body, httpx.Headers({"location": "/webhooks/7"})) == {"id": "7"}


@given(
    st.text(
        st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="/"),
        min_size=1,
        max_size=12,
    )
)
def test_an_id_in_an_address_is_found_in_it_again(number: str) -> None:
    path = addresses.webhook(number)
    assert addresses.located(f"https://acme.myprotime.eu{path}") == number
