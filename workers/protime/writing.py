"""Writing records. A body is checked before it is sent, and nothing is sent twice (protime-api §5).

Which collections can be written is a literal table; clockings can only be created.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from workers.protime import addresses, pages
from workers.protime.assignments import ASSIGNMENT
from workers.protime.bodies import Body
from workers.protime.clockings import CLOCKING
from workers.protime.errors import Conflict, ProtimeError, Unconfirmed
from workers.protime.own_writes import Write, WriteObserver, WriteOutcome, outcome_of
from workers.protime.transport import Answer, Call, Transport
from workers.protime.webhooks import created_properties

BODIES: Mapping[str, Body] = {"assignments": ASSIGNMENT, "clockings": CLOCKING}

#: So often a change is made anew on what somebody else has changed meanwhile.
_ATTEMPTS = 3


class Writing:
    def __init__(self, transport: Transport, observer: WriteObserver | None = None) -> None:
        self._transport = transport
        self._observer = observer

    async def create(self, collection: str, body: Mapping[str, Any]) -> int:
        """The id of the new record.

        Raises ValueError for a collection that is read-only, BodyRefused before sending, and Unconfirmed when the record may exist all the same: look for it before
        asking again, since Protime knows no key that would tell a repetition.
        """
        if collection not in BODIES:
            raise ValueError(f"records of {collection!r} cannot be created here, only of {', '.join(BODIES)}")
        BODIES[collection].check(body)
        path = addresses.collection(collection)
        call = Call("POST", self._transport.origin + path, collection, msgspec.json.encode(body))
        write = Write(collection, "created", None, body)
        response = await self._write(call, write)
        try:
            number = _new_id(response, path)
        except ProtimeError:
            await self._answered(write, "unknown")
            raise
        await self._answered(replace(write, number=number), "done")
        return number

    async def create_assignment(self, body: Mapping[str, Any]) -> int:
        return await self.create("assignments", body)

    async def create_clocking(self, body: Mapping[str, Any]) -> int:
        return await self.create("clockings", body)

    async def confirmed(self, collection: str, body: Mapping[str, Any], number: int) -> None:
        """A creation that was Unconfirmed turned out to have made this record: the observer hears of it."""
        await self._answered(Write(collection, "created", number, body), "done")

    async def update_assignment(
        self,
        number: int,
        body: Mapping[str, Any],
        *,
        if_match: str | None = None,
        known: frozenset[str] = frozenset(),
    ) -> None:
        """Replaces an assignment: `body` has every property that shall remain, as `assignments.changed` makes it.

        `if_match`: the ETag it was read with. `known`: properties beyond our table that it was read with; any other is
        refused as at a creation, since Protime would ignore a misspelt one and clear the one that was meant. Raises
        BodyRefused, NotFound, and Conflict when it is no longer the one that was read.
        """
        ASSIGNMENT.check(body, known=known)
        write = Write("assignments", "updated", number, body)
        await self._write(self._call("PUT", number, msgspec.json.encode(body), if_match), write)
        await self._answered(write, "done")

    async def change_assignment(self, number: int, changes: Any) -> dict[str, Any]:
        """Reads, merges, and writes everything back, except over a change made meanwhile; the body that was written.

        Raises what `assignments.changed` and `update_assignment` raise.
        """
        refused_on: Any = None
        for attempt in range(1, _ATTEMPTS + 1):
            response = await self._transport.send(self._call("GET", number))
            record = msgspec.json.decode(pages.resource(response.content).body)
            body = ASSIGNMENT.changed(record, changes)
            version = record.get("changeVersion")
            # A conflict over a record that nobody changed: something on the way alters the ETag, so it is left out.
            usable = version is None or version != refused_on
            try:
                etag = _strong(response.headers.get("etag")) if usable else None
                await self.update_assignment(number, body, if_match=etag, known=frozenset(record))
            except Conflict:
                if attempt == _ATTEMPTS:
                    raise
                refused_on = version
                continue
            break
        return body

    async def delete_assignment(self, number: int) -> None:
        """Raises NotFound or, as Protime answers for an id it does not know, Invalid."""
        write = Write("assignments", "deleted", number)
        await self._write(self._call("DELETE", number), write)
        await self._answered(write, "done")

    async def _write(self, call: Call, write: Write) -> Answer:
        """The answer of a success; the observer hears of everything else here."""
        if self._observer is not None:
            call = call._replace(sending=partial(self._observer.sending, write))
        try:
            return await self._transport.send(call)
        except ProtimeError as error:
            await self._answered(write, outcome_of(error))
            raise

    async def _answered(self, write: Write, outcome: WriteOutcome) -> None:
        if self._observer is not None:
            await self._observer.answered(write, outcome)

    def _call(self, method: str, number: int, body: bytes | None = None, if_match: str | None = None) -> Call:
        path = addresses.single("assignments", number)
        return Call(method, self._transport.origin + path, "assignments/{id}", body, if_match)


def _new_id(response: Answer, path: str) -> int:
    located = addresses.located(response.headers.get("location", ""))
    found = located or str(created_properties(response.content, response.headers)["id"])
    if not (found.isascii() and found.isdigit()):
        raise Unconfirmed(
            "the answer to the creation has no id", status=response.status_code, method="POST", url=path
        )
    return int(found)


def _strong(etag: str | None) -> str | None:
    """A weak ETag never matches (RFC 9110 §13.1.1)."""
    return etag if etag and etag.startswith('"') else None
