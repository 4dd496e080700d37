"""What stands in the head of a request comes from anybody: it is understood or refused in words, and never raises."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from urllib.parse import urlencode

from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from service.event_query import MOST, BadQuery, EventQuery, page_query, stream_query
from service.tokens import Access, Role, is_local
from tests.service.rig import config, settings
from workers.store.position import Position

TOKENS = {"viewer": "token-of-the-viewer", "operator": "token-of-the-operator"}
WITH_TOKENS = Access(config(settings(admin_tokens=TOKENS)).admin_tokens)
WITHOUT = Access(config(settings()).admin_tokens)

names = st.sampled_from(["after", "limit", "tenant", "collection", "type", "subject"])
values = (
    st.text(max_size=12) | st.integers().map(str) | st.sampled_from(["0", "", "\u0662", "1_0", "+1", " 1"])
)
queries = st.lists(st.tuples(names | st.text(max_size=4), values), max_size=5).map(urlencode).map(str.encode)
likely = st.from_regex(rb"\A(Bearer|bearer|Basic)? {0,2}[\x00-\xff]{0,12}\Z")


def request(query: bytes = b"", headers: Mapping[str, bytes] | None = None) -> Request:
    found = [(name.encode(), value) for name, value in (headers or {}).items()]
    about = {"type": "http", "method": "GET", "scheme": "http", "path": "/", "root_path": ""}
    addresses = {"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80)}
    return Request({**about, **addresses, "query_string": query, "headers": found})


def is_sound(query: EventQuery) -> None:
    assert 1 <= query.limit <= MOST
    assert query.after is None or isinstance(query.after, Position)


@given(st.binary(max_size=60) | queries, st.none() | st.binary(max_size=40))
@example(b"limit=%C2%B2", None)  # a digit that is no number
def test_any_query_is_one_or_refused(query: bytes, cursor: bytes | None) -> None:
    with contextlib.suppress(BadQuery):
        is_sound(page_query(request(query)))
    with contextlib.suppress(BadQuery):
        is_sound(stream_query(request(query, {} if cursor is None else {"last-event-id": cursor})))


@given(st.dictionaries(st.sampled_from(["a", "b-c"]), st.lists(st.integers(0, 2**53), max_size=9)))
def test_the_last_event_id_goes_before_the_cursor_of_the_address(where: dict[str, list[int]]) -> None:
    cursor = Position(where).cursor()
    found = stream_query(request(b"after=0", {"last-event-id": cursor.encode()})).after
    assert found is not None
    assert found.cursor() == cursor


@given(st.binary(max_size=60) | likely)
def test_whoever_has_no_token_is_refused_whatever_is_sent(sent: bytes) -> None:
    refusal = WITH_TOKENS.refusal(request(headers={"authorization": sent}), Role.VIEWER)
    allowed = sent.partition(b" ")[2].strip().decode("latin-1") in TOKENS.values()
    assert (refusal is None) == allowed


@given(st.binary(max_size=30))
def test_no_host_raises(host: bytes) -> None:
    assert is_local(request(headers={"host": host})) in {True, False}


@given(st.from_regex(rb"\A[a-z][a-z0-9-]{0,9}(\.[a-z0-9-]{1,9}){0,2}\.[a-z]{2,5}(:[0-9]{1,4})?\Z"))
def test_a_name_of_the_web_is_not_this_machine_wherever_it_points(host: bytes) -> None:
    asked = request(headers={"host": host})
    assert not is_local(asked)
    assert WITHOUT.refusal(asked, Role.VIEWER) is not None


@given(
    st.sampled_from([b"localhost", b"127.0.0.1", b"127.9.9.9", b"[::1]"]), st.none() | st.integers(1, 65535)
)
def test_this_machine_is_let_in_unless_a_proxy_stands_before_it(host: bytes, port: int | None) -> None:
    headers = {"host": host if port is None else host + b":%d" % port}
    assert WITHOUT.refusal(request(headers=headers), Role.OPERATOR) is None
    assert WITHOUT.refusal(request(headers={**headers, "x-forwarded-for": b"::1"}), Role.VIEWER) is not None
