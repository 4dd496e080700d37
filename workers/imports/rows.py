"""A file becomes rows: a CSV whose first line names properties, or JSON lines. Each row is checked. Pure but for reading.

Which of the two it is, its first character says: an object begins with a brace.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from workers.imports.columns import Column, columns
from workers.protime import Body, BodyRefused


class _Reader(Protocol):
    """What `csv.reader` gives."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


class Unreadable(ValueError):
    """The file as a whole cannot be imported."""


@dataclass(frozen=True)
class Row:
    """`line` counts from 1. A row with `mistakes` cannot be sent."""

    line: int
    body: dict[str, Any] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()


def read(path: Path, body: Body) -> list[Row]:
    """Raises Unreadable, `columns.BadColumns` and OSError."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"line {line} is not UTF-8: byte {error.start + 1} of the file cannot be read. Save it as UTF-8"
        ) from None
    if not text.strip():
        raise Unreadable("is empty: the first line of a CSV names properties, JSON lines hold a record each")
    if text.lstrip()[:1] in ("{", "["):
        return [_checked(line, content, body) for line, content in _json_lines(text)]
    return list(_csv(text, body))


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            yield line, msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError) as error:
            yield line, error


def _checked(line: int, content: Any, body: Body) -> Row:
    if isinstance(content, Exception):
        return Row(line, mistakes=(f"not JSON: {content}",))
    try:
        body.check(content)
    except BodyRefused as error:
        return Row(line, mistakes=tuple(map(str, error.mistakes)))
    return Row(line, content)


def _csv(text: str, body: Body) -> Iterator[Row]:
    first = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    known: list[Column] | None = None
    line = 1
    for cells in _records(reader):
        here, line = line, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if known is None:
            known = columns(_without_empty_end(cells), body)
        elif any(cell.strip() for cell in cells[len(known) :]):
            yield Row(here, mistakes=(f"has {len(cells)} cells, the first line only {len(known)}",))
        elif missing := [column.name for column in known[len(cells) :]]:
            # Cut off, or a separator forgotten: what it says may be half of what was meant.
            counted = f"has {len(cells)} cell(s), the first line {len(known)}"
            yield Row(here, mistakes=(f"{counted}: none for {', '.join(missing)}",))
        else:
            yield _checked(here, assembled(known, cells), body)


def _without_empty_end(names: list[str]) -> list[str]:
    """Spreadsheets write commas for columns that hold nothing."""
    last = max(position for position, name in enumerate(names) if name.strip())
    return names[: last + 1]


def _records(reader: _Reader) -> Iterator[list[str]]:
    while True:
        begins = reader.line_num + 1
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # A quote that is not closed is noticed at the end of the file, and was forgotten where its row begins.
            raise Unreadable(f"the row of line {begins}: {error}, by line {reader.line_num}") from None


def assembled(known: Sequence[Column], cells: Sequence[str]) -> dict[str, Any]:
    """The body that a line of cells stands for; an empty cell is an absent property."""
    nested: dict[str | int, Any] = {}
    for column, cell in zip(known, cells, strict=False):  # further cells are empty
        if not cell.strip():
            continue
        at = nested
        for part in column.path[:-1]:
            at = at.setdefault(part, {})
        at[column.path[-1]] = column.read(cell)
    found = _lists(nested)
    assert isinstance(found, dict)  # noqa: S101 - its keys are names
    return found


def _lists(value: Any) -> Any:
    """Objects whose keys are positions become lists, in the order of the positions."""
    if not isinstance(value, Mapping):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_lists(value[key]) for key in sorted(value)]
    return {key: _lists(item) for key, item in value.items()}
