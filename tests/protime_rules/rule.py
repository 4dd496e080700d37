"""A rule of the Protime API in our words, and who has to show that it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto
from pathlib import PurePath


class Side(Flag):
    """`CLIENT`: workers.protime; `SIMULATOR`: the stand-in; `PROCESSOR`: everything else of the product."""

    CLIENT = auto()
    SIMULATOR = auto()
    PROCESSOR = auto()


CLIENT, SIMULATOR, PROCESSOR = Side


@dataclass(frozen=True)
class Rule:
    """`choice`: the number of the assumption made where the documentation of Protime is silent."""

    id: str
    sides: Side
    text: str
    choice: int | None = None

    @property
    def section(self) -> int:
        return int(self.id.partition("-")[0].partition(".")[0])


def side_of(path: str) -> Side:
    """Whose test a file holds; `path` is relative to the repository."""
    folders = PurePath(path).parts[1:3]
    if folders[:1] == ("simulator",):
        return SIMULATOR
    return CLIENT if folders == ("workers", "protime") else PROCESSOR
