"""What must hold for a record of a delta, whatever its bytes are: it becomes an event, or is rejected with the reason."""

from __future__ import annotations

from tests.fuzz.notification import TENANT
from workers import plan
from workers.arrivals import of_item
from workers.decisions import decide
from workers.protime import ProtimeError, pages
from workers.store.gate import Apply, Reject
from workers.store.inbox import Entry


def is_decided(record: bytes) -> None:
    """Raises AssertionError, or what should not have been raised."""
    body = b'{"value":[{"changeType":"InsertOrUpdate","data":' + record + b'}],"deltaLink":"/d"}'
    try:
        page = pages.changes(body)
    except ProtimeError:
        return
    for item in page.items:
        came = of_item("assignments", item)
        entry = Entry("1-0", came.resource, came.version, came.deleted, "delta", came.data)
        [decision] = decide(TENANT, plan.every([entry], None), None)
        assert isinstance(decision, Apply | Reject)
        if isinstance(decision, Reject):
            assert decision.reason.encode()
