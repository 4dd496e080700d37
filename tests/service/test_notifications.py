"""What is a notification: three shapes, and for everything else words that say what is wrong."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from service.notifications import MOST_ITEMS, NotANotification, parse
from tests.service.rig import change
from workers.arrivals import of_item, why_unreadable
from workers.protime import DeltaItem
from workers.store.inbox import Arrival

DEEP = 100_000


def arrivals(body: Any) -> list[Arrival]:
    return parse(body if isinstance(body, bytes) else json.dumps(body).encode(), "assignments")


def refusal(body: Any) -> str:
    with pytest.raises(NotANotification) as caught:
        arrivals(body)
    return str(caught.value)


def update(data: str) -> bytes:
    return b'{"changeType":"InsertOrUpdate","data":%s}' % data.encode()


@pytest.mark.rule("8.5-item", "8.5-envelope")
@pytest.mark.parametrize(
    "body",
    [change(), [change()], {"value": [change()]}, {"value": [change()], "@odata.context": "more"}],
    ids=["one", "array", "value", "value and more"],
)
def test_a_change_may_come_alone_in_an_array_or_in_an_envelope(body: Any) -> None:
    [arrival] = arrivals(body)
    assert (arrival.resource, arrival.version, arrival.deleted) == ("assignments/1", "01", False)
    assert json.loads(arrival.data) == change()["data"]


def test_the_order_of_a_request_is_kept() -> None:
    assert [a.resource for a in arrivals([change(n) for n in (3, 1, 2)])] == [
        "assignments/3",
        "assignments/1",
        "assignments/2",
    ]


def test_a_delete_carries_no_resource() -> None:
    body = {"changeType": "Delete", "data": {"changeVersion": "0C", "id": 1001}}
    assert arrivals(body) == [Arrival("assignments/1001", "0C", deleted=True, data=b"")]


@pytest.mark.rule("11.1-raw")
def test_the_resource_passes_through_byte_by_byte() -> None:
    data = '{ "id" : 7, "comments":"\\u00e9 caf\u00e9",  "x":1.50,"y":[ ] }'
    assert arrivals(update(data))[0].data == data.encode()


@pytest.mark.rule("7-absent")
@pytest.mark.parametrize("data", ['{"id":1}', '{"id":1,"changeVersion":null}', '{"id":1,"changeVersion":""}'])
def test_a_change_without_a_version_is_taken(data: str) -> None:
    assert arrivals(update(data))[0].version == ""


def test_the_last_of_doubled_keys_counts_as_everywhere_else() -> None:
    data = '{"id":1,"id":2,"changeVersion":"A","changeVersion":"B"}'
    [arrival] = arrivals(update(data))
    assert (arrival.resource, arrival.version) == ("assignments/2", "B")
    assert json.loads(arrival.data)["id"] == 2


@pytest.mark.rule("1.2-unknown-properties")
def test_unknown_properties_beside_the_change_are_ignored() -> None:
    assert len(arrivals({**change(), "subscription": {"id": "x"}})) == 1


def test_white_space_around_is_nothing() -> None:
    assert len(arrivals(b" \r\n\t" + json.dumps(change()).encode() + b"\n ")) == 1


@pytest.mark.parametrize("number", [0, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -1, -(2**63), 10**60])
def test_ids_are_whole_numbers_as_in_deltas(number: int) -> None:
    [arrival] = arrivals(change(number))
    assert arrival.resource == f"assignments/{number}"
    data = msgspec.Raw(json.dumps(change(number)["data"]).encode())
    assert arrival == of_item("assignments", DeltaItem("InsertOrUpdate", data))


@pytest.mark.parametrize("kind", ["InsertOrUpdate", "Delete"])
@pytest.mark.parametrize(
    "data",
    [
        '{"id":1,"changeVersion":5}',
        '{"id":1,"changeVersion":"a b"}',
        '{"id":1,"changeVersion":"a\\n"}',
        '{"id":1,"changeVersion":"\\u0000"}',
        '{"id":1,"changeVersion":"é"}',
        '{"id":1,"changeVersion":"%s"}' % ("a" * 65),
        '{"id":%s}' % ("9" * 65),
        '{"id":-%s}' % ("9" * 5000),
    ],
)
def test_a_change_with_an_odd_head_is_taken_to_be_rejected_with_its_data(kind: str, data: str) -> None:
    good = json.dumps(change(2))
    odd, other = arrivals(f'[{{"changeType":"{kind}","data":{data}}},{good}]'.encode())
    assert odd == Arrival("assignments/-", "", deleted=False, data=data.encode())
    assert other.resource == "assignments/2"
    assert why_unreadable(odd.data).startswith("the record cannot be told from others: ")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ('{"id":"1"}', "Expected `int`, got `str` - at `$.id`"),
        ('{"id":1.0}', "Expected `int`, got `float` - at `$.id`"),
        ('{"id":1.5}', "Expected `int`, got `float` - at `$.id`"),
        ('{"id":1e3}', "Expected `int`, got `float` - at `$.id`"),
        ('{"id":true}', "Expected `int`, got `bool` - at `$.id`"),
        ('{"id":null}', "Expected `int`, got `null` - at `$.id`"),
        ('{"id":[]}', "Expected `int`, got `array` - at `$.id`"),
        ('{"id":1e999}', "out of range - at `$.id`"),
        ("{}", "missing required field `id`"),
        ("null", "Expected `object`, got `null`"),
        ("[]", "Expected `object`, got `array`"),
        ("7", "Expected `object`, got `int`"),
    ],
)
def test_data_of_the_wrong_shape_is_refused_with_the_place(data: str, words: str) -> None:
    said = refusal(update(data))
    assert said.startswith("not a notification: in `data` of change 0: ")
    assert words in said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "missing required field `changeType`"),
        ({"changeType": "Delete"}, "missing required field `data`"),
        ({"data": {"id": 1}}, "missing required field `changeType`"),
        ({"changeType": "Upsert", "data": {"id": 1}}, "Invalid enum value 'Upsert' - at `$.changeType`"),
        ({"changeType": "delete", "data": {"id": 1}}, "Invalid enum value 'delete' - at `$.changeType`"),
        ({"changeType": None, "data": {"id": 1}}, "got `null` - at `$.changeType`"),
        ({"changeType": 1, "data": {"id": 1}}, "got `int` - at `$.changeType`"),
        ([], "the array is empty"),
        ({"value": []}, "the array is empty"),
        ({"value": None}, "Expected `array`, got `null` - at `$.value`"),
        ({"value": {}}, "Expected `array`, got `object` - at `$.value`"),
        ({"value": [1]}, "got `int` - at `$.value[0]`"),
        ([change(), 1], "got `int` - at `$[1]`"),
        ([[change()]], "got `array` - at `$[0]`"),
        (7, "expected a JSON object or array"),
        ("text", "expected a JSON object or array"),
        (None, "expected a JSON object or array"),
        (True, "expected a JSON object or array"),
    ],
)
def test_another_shape_is_refused_with_the_place(body: Any, words: str) -> None:
    assert words in refusal(body)


def test_a_wrong_change_among_good_ones_is_named_and_takes_all_with_it() -> None:
    assert "in `data` of change 2: " in refusal([change(1), change(2), {**change(), "data": {"id": "3"}}])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "expected a JSON object or array"),
        (b"   ", "expected a JSON object or array"),
        (b"hello", "expected a JSON object or array"),
        (b"\x00", "expected a JSON object or array"),
        (b"{'changeType': 1}", "not JSON: "),
        (update('{"id":1}')[:-1], "not JSON: "),
        (update('{"id":1}') + b"x", "trailing characters"),
        (update('{"id":1}') + update('{"id":2}'), "trailing characters"),
        (update('{"id":1},'), "trailing comma"),
        (update('{"id":01}'), "not JSON: "),
        (update('{"id":NaN}'), "not JSON: "),
        (update('{"id":1,"x":"\x01"}'), "not JSON: "),
        ("\u00a0{}".encode(), "not JSON: "),
        (b"\xef\xbb\xbf" + update('{"id":1}'), "byte order mark"),
        (b"\xff" + update('{"id":1}'), "not UTF-8 (byte 0)"),
        (update('{"id":1,"x":"?"}').replace(b"?", b"\xe9"), "not UTF-8 (byte 51)"),
        (json.dumps(change()).encode("utf-16"), "not UTF-8 (byte 0)"),
        (update('{"id":1,"x":"\\ud800"}'), "not JSON: "),
        (update('{"id":1,"changeVersion":"\\udc00"}'), "not JSON: "),
        (b'{"changeType":"\\ud800","data":{"id":1}}', "not JSON: "),
    ],
)
def test_what_is_not_json_in_utf_8_is_refused(body: bytes, words: str) -> None:
    assert words in refusal(body)


@pytest.mark.parametrize(
    "body",
    [
        update('{"id":1,"x":' + "[" * DEEP + "]" * DEEP + "}"),
        update('{"id":1,"x":' + '{"a":' * DEEP + "1" + "}" * DEEP + "}"),
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"a":' * DEEP,
        b'{"value":' * DEEP,
        b'[{"a":' * DEEP,
    ],
    ids=["arrays in data", "objects in data", "objects", "objects without end", "envelopes", "mixed"],
)
def test_deep_nesting_is_refused_and_harms_nobody(body: bytes) -> None:
    assert refusal(body)
    assert arrivals(change())


def test_too_many_changes_are_refused() -> None:
    assert len(arrivals([change(n) for n in range(MOST_ITEMS)])) == MOST_ITEMS
    assert "more than 10000 changes" in refusal([change(n) for n in range(MOST_ITEMS + 1)])


def test_the_words_do_not_give_a_whole_body_back() -> None:
    assert len(refusal({"changeType": "x" * 100_000, "data": {"id": 1}})) <= 300
