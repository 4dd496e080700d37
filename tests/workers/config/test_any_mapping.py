"""Whatever a file holds, it is a configuration or a list of mistakes."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.config import ConfigError, load, masked, parse

TODAY = dt.date(2026, 3, 9)
WORDS = [
    "public_url",
    "secret_key",
    "store",
    "url",
    "partitions",
    "server",
    "port",
    "admin_tokens",
    "operator",
    "tenants",
    "acme",
    "base_url",
    "auth_url",
    "client_id",
    "client_secret",
    "user_agent",
    "timezone",
    "signature",
    "header",
    "algorithm",
    "collections",
    "assignments",
    "people",
    "since",
    "fetch",
    "external_references",
    "poll_seconds",
    "reconcile",
    "days_back",
    "webhook",
    "token",
    "keys",
    "webhook_key_names",
    "sinks",
    "out",
    "type",
    "filter",
    "retry",
    "subscriptions",
    "manage",
    "renew_at",
    "retention",
    "events_days",
    "batch",
    "path",
    "secret",
    "headers",
    "mode",
]
VALUES = (
    "https://example.com http://127.0.0.1:1 redis://:x@h console file webhook delta payload 2026-01-01 Europe/Brussels "
    "@employee-number sha256 ${X} ${Y:-z} ${ $$ false 1 acme assignments https://[ " + "k" * 40
).split(" ")

keys = st.sampled_from(WORDS) | st.text(max_size=4)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(VALUES)
    | st.text(st.characters(), max_size=8)
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=4)
)
trees: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=5)
        | st.dictionaries(st.none() | st.integers() | st.booleans(), inner, max_size=2)
    ),
    max_leaves=12,
)
sinks = st.fixed_dictionaries({"type": st.sampled_from(["console", "file", "webhook", "x"])}) | trees
tenants = st.fixed_dictionaries(
    {},
    optional={
        "client_id": trees,
        "timezone": trees,
        "signature": trees,
        "collections": st.dictionaries(st.sampled_from(["assignments", "people", "x"]), trees, max_size=2),
    },
)
likely = st.fixed_dictionaries(
    {},
    optional={
        "public_url": leaves,
        "store": trees,
        "tenants": st.dictionaries(st.sampled_from(["acme", "X"]), tenants | trees, max_size=2),
        "sinks": st.dictionaries(st.sampled_from(["out", "a b"]), sinks, max_size=2),
        "subscriptions": st.dictionaries(keys, leaves, max_size=2),
        "admin_tokens": trees,
    },
)


def problems_of(data: Any) -> list[str]:
    try:
        masked(parse(data, today=TODAY, environ={"X": "value"}))
    except ConfigError as error:
        return error.problems or ["none was given"]
    return []


def check(data: Any) -> None:
    problems = problems_of(data)
    assert len(problems) == len(set(problems))
    assert all(re.match(r".+: .", problem) and problem.isprintable() for problem in problems)


@given(st.dictionaries(keys, trees, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_mapping_is_a_configuration_or_mistakes(data):
    check(data)


@given(likely)
@settings(max_examples=200, deadline=None)
def test_any_mapping_like_a_configuration_is_one_or_mistakes(data):
    check(data)


@given(st.text(alphabet=string.printable + "é{}[]$:-&*!|>'\"%@`#,?", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_in_a_file_is_a_configuration_or_mistakes(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8")
    with contextlib.suppress(ConfigError):
        load(path, {}, today=TODAY)


def test_half_of_a_surrogate_pair_is_a_mistake_like_any_other():
    check({"tenants": {"\ud800": {"client_id": "\ud800", "timezone": "\ud800"}}, "\ud800": "\ud800"})
