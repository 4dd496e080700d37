"""The opaque tokens of paging and delta: base64 of JSON, as in the documentation's examples."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class Continuation(msgspec.Struct, rename="camel"):
    """Where a list goes on. `validator` binds it to one query, `after` is the last id of the page before."""

    validator: str
    created_at: float
    after: int | str | None = None
    era: int = 0
    empty: int = 0  # empty pages still to come before the next records
    padding: str = ""


class DeltaToken(msgspec.Struct, rename="camel"):
    delta_id: int
    starting_cursor: int
    time_stamp: str


def pack(token: msgspec.Struct) -> str:
    return base64.b64encode(msgspec.json.encode(token)).decode()


def unpack(text: str, kind: type[T]) -> T:
    """Raises ValueError for anything that `pack` did not make. A blank is a `+` that nobody encoded."""
    try:
        raw = base64.b64decode(text.replace(" ", "+"), validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a token: {error}") from None
