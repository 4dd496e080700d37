"""What an error of PostgreSQL means for the events that were written."""

from __future__ import annotations

from typing import Final

from workers.sinks.base import Failure

#: Beginnings of SQLSTATE that speak of the data: data exception, constraint violation, check option, limit exceeded (a
#: value too long for an index), and what a trigger raised.
_OF_THE_DATA: Final = ("22", "23", "44", "54", "P0001")


def verdict(sqlstate: str | None, text: str, *, client_side: bool = False) -> Failure:
    """`text`: the message, already made readable. `client_side`: psycopg refused a value before it was sent.

    No connection, no rights, no table, no room, a deadlock: those are not the doing of a single event.
    """
    if client_side or (sqlstate or "").startswith(_OF_THE_DATA):
        return Failure(text, permanent=True)
    return Failure(text, scope="sink")
