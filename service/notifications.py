"""What a notification must look like: pure. One item `{changeType, data}`, an array of items, or `{"value": [...]}`.

Only what is needed to store it is looked at; the rest of the resource passes through as it came.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from workers import arrivals
from workers.store.inbox import Arrival

#: No sender has a reason to put more changes into one request; the limit keeps one append short.
MOST_ITEMS = 10_000
#: The words of an answer may quote the body, but not give all of it back.
_MOST_WORDS = 300


class NotANotification(ValueError):
    """The body is not a notification; the message says what is wrong (answer 400)."""


class _Item(msgspec.Struct):
    changeType: Literal["InsertOrUpdate", "Delete"]  # noqa: N815
    data: msgspec.Raw


class _Envelope(msgspec.Struct):
    value: list[_Item]


_ITEM = msgspec.json.Decoder(_Item)
_ITEMS = msgspec.json.Decoder(list[_Item])
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_PROPERTIES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_INTEGER = re.compile(rb"-?\d+")


def parse(body: bytes, collection: str) -> list[Arrival]:
    """The changes of a request, in its order. Raises `NotANotification`."""
    try:
        # The JSON decoder skips over strings it is not asked for without looking at their encoding.
        text = body.decode()
        return _arrivals(_items(body, text), collection)
    except UnicodeDecodeError as error:
        raise NotANotification(f"the body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise NotANotification("the JSON is nested too deeply") from None
    except msgspec.ValidationError as error:
        raise NotANotification(f"not a notification: {error}"[:_MOST_WORDS]) from None
    except msgspec.DecodeError as error:
        raise NotANotification(f"not JSON: {error}") from None


def _items(body: bytes, text: str) -> list[_Item]:
    start = text.lstrip()[:1]
    if start == "[":
        items = _ITEMS.decode(body)
    elif start == "{":
        try:
            return [_ITEM.decode(body)]
        except msgspec.ValidationError:
            items = _enveloped(body)
    elif start == "\ufeff":
        raise NotANotification("the body begins with a byte order mark, which JSON does not have")
    else:
        raise NotANotification("not a notification: expected a JSON object or array")
    if not items:
        raise NotANotification("not a notification: the array is empty")
    if len(items) > MOST_ITEMS:
        raise NotANotification(f"more than {MOST_ITEMS} changes in one request")
    return items


def _enveloped(body: bytes) -> list[_Item]:
    try:
        return _ENVELOPE.decode(body).value
    except msgspec.ValidationError as error:
        if "$.value" in str(error) or "`value`" not in str(error):
            raise
        _ITEM.decode(body)  # neither: the message about the single item is the useful one
        raise


def _arrivals(items: list[_Item], collection: str) -> list[Arrival]:
    found: list[Arrival] = []
    for item in items:
        try:
            change = arrivals.of_change(collection, item.data, deleted=item.changeType == "Delete")
        except msgspec.ValidationError as error:
            if not _is_a_change(item.data):
                raise NotANotification(
                    f"not a notification: in `data` of change {len(found)}: {error}"
                ) from None
            change = arrivals.unreadable(collection, item.data)
        found.append(change)
    return found


def _is_a_change(data: msgspec.Raw) -> bool:
    """Whether it has the form of one, whatever its version looks like, or how long its id is.

    Protime disables a webhook that is answered 400 for long: one odd record must not cost all others their channel. It is
    taken, and rejected to the dead letters.
    """
    try:
        number = _PROPERTIES.decode(data).get("id")
    except msgspec.ValidationError:
        return False
    return number is not None and _INTEGER.fullmatch(bytes(number)) is not None
