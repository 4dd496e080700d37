"""How far somebody has read the event log, and the cursor that says it in text.

A position counts events of each partition, and an event's number never changes: it stays right whatever is appended,
purged or configured meanwhile.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, urlsafe_b64encode
from typing import Annotated

import msgspec

from workers.store.keys import Partition

#: The cursor of the beginning, for those who want everything the log holds.
BEGINNING = "0"
_FORM = b"\x01"
_SUM_BYTES = 4
#: Longer than the cursor of a thousand tenants: what is longer is not one of ours.
_LONGEST = 32768

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_DECODER = msgspec.msgpack.Decoder(dict[str, Annotated[list[_Number], msgspec.Meta(max_length=64)]])
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


class NotACursor(ValueError):
    """A text that no log gave out."""


class Position:
    """The number of the last event seen in each partition. What it never heard of is at its beginning."""

    def __init__(self, numbers: dict[str, list[int]] | None = None) -> None:
        self._numbers = numbers or {}

    @classmethod
    def parse(cls, cursor: str) -> Position:
        """Raises `NotACursor`. Tenants that are not known any more are kept: they may come back."""
        if cursor == BEGINNING:
            return cls()
        try:
            return cls(_DECODER.decode(_content(cursor)))
        except (ValueError, msgspec.DecodeError):
            raise NotACursor(
                "this is not a cursor of the log. Take the one that came last, or 0 for the beginning"
            ) from None

    def cursor(self) -> str:
        """Base64url of: the form, a check sum, and the numbers by tenant in MessagePack."""
        content = _ENCODER.encode(self._numbers)
        return urlsafe_b64encode(_FORM + _sum(content) + content).rstrip(b"=").decode()

    def of(self, partition: Partition) -> int:
        numbers = self._numbers.get(partition.tenant, ())
        return numbers[partition.number] if partition.number < len(numbers) else 0

    def move(self, partition: Partition, number: int) -> None:
        numbers = self._numbers.setdefault(partition.tenant, [])
        numbers += [0] * (partition.number + 1 - len(numbers))
        numbers[partition.number] = number

    def copy(self) -> Position:
        return Position({tenant: list(numbers) for tenant, numbers in self._numbers.items()})


def _content(cursor: str) -> bytes:
    if len(cursor) > _LONGEST:
        raise ValueError(cursor[:20])
    raw = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    content = raw[len(_FORM) + _SUM_BYTES :]
    if raw != _FORM + _sum(content) + content:
        raise ValueError(cursor[:20])
    return content


def _sum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(_SUM_BYTES)
