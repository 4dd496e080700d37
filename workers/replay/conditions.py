"""What of the log a replay tells again: its conditions, as they lie in the store. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from workers.events import Event


class Conditions(msgspec.Struct, frozen=True, omit_defaults=True):
    """Any value of a list, and all of the conditions; one that is left out lets everything through.

    `since_ms` and `until_ms` (Unix milliseconds) frame the time at which an event was learned; the end is outside.
    """

    types: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    subject: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def hold(self, event: Event) -> bool:
        head = event.head
        return (
            (not self.types or head.type in self.types)
            and (not self.collections or head.data.collection in self.collections)
            and (self.subject is None or head.subject == self.subject)
            and self._in_time(head.time)
        )

    @property
    def take_all_that_follows(self) -> bool:
        """Whether an event that fits is followed, in its resource, only by events that fit as well."""
        return not self.types and self.until_ms is None

    def as_dict(self) -> dict[str, Any]:
        """Those that were given, by the names that people give them; times in UTC."""
        said = {"since": _written(self.since_ms), "until": _written(self.until_ms), "type": list(self.types)}
        said |= {"collection": list(self.collections), "subject": self.subject}
        return {name: value for name, value in said.items() if value}

    def _in_time(self, time: str) -> bool:
        if self.since_ms is None and self.until_ms is None:
            return True
        at = datetime.fromisoformat(time).timestamp() * 1000
        return (self.since_ms is None or at >= self.since_ms) and (
            self.until_ms is None or at < self.until_ms
        )


def _written(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


_CONDITIONS = msgspec.json.Decoder(Conditions)


def as_json(conditions: Conditions) -> bytes:
    return msgspec.json.encode(conditions)


def from_json(text: bytes) -> Conditions:
    return _CONDITIONS.decode(text)
