"""Several events of one record as one: what changed between the state before the first and the state after the last. Pure.

The result is what normalization would have written had the changes between never been there: identity and time are those
of the last event, `previous` is that of the first, and everything else is worked out anew from the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from workers.changes.meaning import meanings
from workers.changes.model import Change, TenantView
from workers.changes.normalize import normalize
from workers.changes.people import GROUPS

EventBody = Mapping[str, Any]


def net(events: Sequence[EventBody], view: TenantView) -> bytes | None:
    """One event (JSON) for decoded events of one record, oldest first; None when nothing is left to tell.

    Nothing is left of a record that came and went, nor of one that is what it was before. Raises NormalizeError when
    another release wrote what this one cannot read.
    """
    first, last = events[0]["data"], events[-1]["data"]
    if _was_gone(first) and last["change"] == "deleted":
        return None
    written = _decoded(normalize(_as_one_change(events), view).json)
    _add_words(written["data"], _hidden_words(events))
    data = written["data"]
    if data["change"] == "updated" and not data["changes"] and not data["meaning"]:
        return None
    own = {"ownwrite": True} if all(event.get("ownwrite") for event in events) else {}
    return msgspec.json.encode({**written, **own, "collapsed": len(events)})


def _as_one_change(events: Sequence[EventBody]) -> Change:
    first, last = events[0], events[-1]
    return Change(
        tenant=last["data"]["tenant"],
        collection=last["data"]["collection"],
        id=last["data"]["id"],
        version=last["sequence"],
        deleted=last["data"]["change"] == "deleted" and last["data"]["resource"] is None,
        resource=last["data"]["resource"],
        previous=first["data"]["previous"],
        was_deleted=_was_gone(first["data"]),
        origin=last["origin"],
        learned_at=datetime.fromisoformat(last["time"]),
    )


def _was_gone(data: EventBody) -> bool:
    """Whether there was no record before: it was created, or a deletion was told a second time and has no word."""
    return data["change"] == "created" or (data["change"] == "deleted" and not data["meaning"])


def _hidden_words(events: Iterable[EventBody]) -> set[str]:
    """Words about fields of a person that no event shows: two such changes may have undone each other, nobody can tell."""
    updates = [
        e["data"] for e in events if e["data"]["collection"] == "people" and e["data"]["change"] == "updated"
    ]
    return {f"{group}_changed" for data in updates for group in GROUPS if _is_hidden(group, data)}


def _is_hidden(group: str, data: EventBody) -> bool:
    shown = {change["path"] for change in data["changes"]}
    return f"{group}_changed" in data["meaning"] and shown.isdisjoint(GROUPS[group])


def _add_words(data: dict[str, Any], words: set[str]) -> None:
    if data["change"] == "updated" and words:
        said = words | {*data["meaning"]}
        data["meaning"] = [word for word in meanings(data["collection"]) if word in said]


def _decoded(json: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(json)
    return decoded
