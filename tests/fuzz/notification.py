"""What must hold for any body whatever: it is refused in words, or becomes changes that can be decided."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec.structs import replace

from service.notifications import MOST_ITEMS, NotANotification, parse
from workers import plan
from workers.changes import TenantView
from workers.decisions import TenantIngest, decide
from workers.events import Event
from workers.store.gate import Apply, Reject
from workers.store.inbox import NO_ID, Arrival, Entry, Stored

_PRINTABLE = range(0x21, 0x7F)
TENANT = TenantIngest("acme", TenantView(ZoneInfo("Europe/Brussels"), 168), {"assignments": "payload"})


def is_answered(body: bytes) -> None:
    """Raises AssertionError, or what should not have been raised."""
    try:
        found = parse(body, "assignments")
    except NotANotification as refused:
        _is_said(refused)
        return
    assert 0 < len(found) <= MOST_ITEMS
    for change in found[:20]:
        _is_a_change(change)
        _is_decided(change)


def _is_said(refused: NotANotification) -> None:
    assert 0 < len(str(refused).encode()) < 1000


def _is_a_change(change: Arrival) -> None:
    collection, _, number = change.resource.partition("/")
    assert collection == "assignments"
    assert number == NO_ID or str(int(number)) == number
    assert all(ord(sign) in _PRINTABLE for sign in change.version)
    assert change.deleted or change.data


def _is_decided(change: Arrival) -> None:
    """As the first that is known of a record, and once more, with a newer version, over the state that it left."""
    first = Entry("1-0", change.resource, change.version, change.deleted, "webhook", change.data)
    stored = _checked(first, None)
    if stored is not None:
        _checked(replace(first, id="2-0", version=change.version + "!"), stored)


def _checked(entry: Entry, stored: Stored | None) -> Stored | None:
    [decision] = decide(TENANT, plan.every([entry], stored), stored)
    if isinstance(decision, Apply):
        head = Event(decision.event).head
        assert (head.subject, head.data.change in {"created", "updated", "deleted"}) == (entry.resource, True)
        return Stored(decision.version, decision.deleted, 1, decision.body)
    assert stored is not None or isinstance(decision, Reject)
    if isinstance(decision, Reject):
        assert decision.reason.encode()
    return None
