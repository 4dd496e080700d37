"""The body of a write: as JSON from an option, a file or standard input, or put together from single options.

An option that cannot be read stays the text it is, so that the check of the body names it with all other mistakes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from service.cli import screen
from service.cli.failures import CommandFailed
from workers.imports import cells
from workers.protime.not_json import NOT_JSON

T = TypeVar("T")

#: `8`, `17`, `0830`; 0 is midnight in both readings.
_LIKE_AN_HOUR = re.compile(r"[+-]?(?:[1-9]\d?|0\d+)", re.ASCII)

PersonOption = Annotated[
    str | None, typer.Option("--person", metavar="ID|@NAME=VALUE", help="1234, or @employee-number=5678.")
]
ActivityOption = Annotated[
    list[str] | None,
    typer.Option(
        "--activity",
        metavar="LEVEL=ID|LEVEL=@NAME=VALUE",
        help="1=ID, or 1=@data-entry-code=00014; repeatable.",
    ),
]


@dataclass(frozen=True)
class Given:
    """A body as a whole."""

    dash: Annotated[
        str | None, typer.Argument(metavar="-", help="A dash reads the body from standard input.")
    ] = None
    data: Annotated[str | None, typer.Option("--data", metavar="JSON", help="The whole body.")] = None
    file: Annotated[str | None, typer.Option("--file", metavar="BODY.json", help="A file with the body.")] = (
        None
    )


def body_of(whole: Given, parts: Mapping[str, Any]) -> Any:
    """What exactly one of the ways gives; `parts` are the single options, None where one was not used.

    Raises CommandFailed for what is no JSON, and BadParameter when there is no body, or more than one.
    """
    dash, data, file = whole.dash, whole.data, whole.file
    if dash not in (None, "-"):
        raise typer.BadParameter(f"unexpected {dash!r}: only a dash may stand here, for standard input")
    given = {name: value for name, value in parts.items() if value is not None}
    ways = [way for way in (dash, data, file, given or None) if way is not None]
    if len(ways) != 1:
        what = "give a body" if not ways else "give one body only"
        raise typer.BadParameter(f"{what}: by --data, by --file, by a dash for standard input, or by options")
    if given:
        return given
    return _decoded(data if data is not None else _text(file or "-"))


def print_id(number: int, as_json: bool) -> None:
    """What a write answers: the id alone, or `{"id": …}`."""
    if as_json:
        screen.print_json({"id": number})
    else:
        print(number)


def read(how: Callable[[str], T], text: str | None) -> T | None:
    """The value of an option, None when it was not used."""
    return None if text is None else how(text)


def time_of_day(option: str, text: str | None) -> int | str | None:
    """Minutes as `cells.minutes` reads them, but no bare number that could be an hour. Raises BadParameter."""
    if text is not None and _LIKE_AN_HOUR.fullmatch(text.strip()):
        raise typer.BadParameter(
            f"{text} could be an hour or minutes. Write a time as 08:00; minutes since midnight as 480, "
            "or as 00:08 where they are fewer than 100",
            param_hint=option,
        )
    return read(cells.minutes, text)


def reference(text: str, id_: Any = cells.whole) -> dict[str, Any]:
    """`1234` is an id, `@employee-number=5678` an external reference; so is a name of the tenant's own."""
    name, equals, value = text.partition("=")
    return {"externalReferences": {name: value}} if equals else {"id": id_(text)}


def levels(texts: list[str] | None) -> list[dict[str, Any]] | None:
    """`1=a7d853ea-…`, `2=@data-entry-code=10019`, in the order given."""
    return [_level(text) for text in texts] if texts else None


def _level(text: str) -> dict[str, Any]:
    level, equals, definition = text.partition("=")
    if not equals:
        raise typer.BadParameter(
            f"{text!r} has no level: write 1=ID or 1=@NAME=VALUE", param_hint="--activity"
        )
    return {"level": cells.whole(level), "activityDefinition": reference(definition, str)}


def _text(file: str) -> str:
    """Of a file and of standard input the same, whatever the locale is."""
    try:
        return (_stdin() if file == "-" else Path(file).read_bytes()).decode()
    except UnicodeDecodeError as error:
        raise CommandFailed(f"Not sent: the body is not UTF-8 (byte {error.start + 1})") from None
    except OSError as error:
        raise typer.BadParameter(
            f"{file} cannot be read: {error.strerror or error}", param_hint="--file"
        ) from None


def _stdin() -> bytes:
    if sys.stdin is None:
        raise typer.BadParameter("standard input is closed: there is no body to read")
    return sys.stdin.buffer.read()


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text.removeprefix("\ufeff"))
    except NOT_JSON as error:
        raise CommandFailed(f"Not sent: the body is not JSON: {error}") from None
