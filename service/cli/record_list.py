"""Records at Protime, listed and shown: which filter the options mean, and how records are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import msgspec
import typer

from service.cli import screen
from service.cli.at_protime import with_protime
from service.cli.options import option
from service.cli.waiting import on_screen
from workers.config import Config
from workers.imports import cells
from workers.protime import Protime, field
from workers.protime.addresses import Where
from workers.protime.body_values import is_day
from workers.protime.filters import Expression

ReferencesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--external-reference",
        metavar="COLLECTION=NAME",
        help="Also show this reference, such as people=@employee-number; repeatable.",
    ),
]


@dataclass(frozen=True)
class Chosen:
    """Which records a list shall show, and with which references."""

    since: Annotated[str | None, option("--from", "DATE", "The first day, such as 2026-03-01.")] = None
    until: Annotated[str | None, option("--to", "DATE", "The last day; open without.")] = None
    person: Annotated[str | None, option("--person", "ID,…", "Only of these people, by their ids.")] = None
    org_group: Annotated[str | None, option("--org-group", "ID,…", "Only of people in these groups.")] = None
    filter_: Annotated[str | None, option("--filter", "EXPRESSION", "A filter in Protime's words.")] = None
    external_reference: ReferencesOption = None


#: The name of a column, and what it shows of a record.
Columns = Mapping[str, Callable[[Mapping[str, Any]], Any]]


def where(chosen: Chosen) -> Where:
    """The filter that the options mean. Raises BadParameter."""
    since, until, people, groups = chosen.since, chosen.until, chosen.person, chosen.org_group
    if chosen.filter_ is not None:
        if any(option is not None for option in (since, until, people, groups)):
            raise typer.BadParameter("--filter stands alone: put everything into the expression")
        return chosen.filter_
    if since is None:
        raise typer.BadParameter("a list needs --from DATE, or --filter EXPRESSION")
    parts: list[Expression] = []
    if people is not None:
        parts.append(field("person").is_in(*_ids("--person", people)))
    if groups is not None:
        parts.append(field("person").in_set("org-group", *_ids("--org-group", groups)))
    found = field("date").between(*_range(since, until))
    for part in reversed(parts):
        found = part & found
    return found


def references(texts: Sequence[str] | None) -> list[tuple[str, str]]:
    """`people=@employee-number` → `("people", "@employee-number")`."""
    pairs = [text.partition("=") for text in texts or ()]
    if wrong := next((pair for pair in pairs if not pair[1]), None):
        raise typer.BadParameter(
            f"{wrong[0]!r} is not COLLECTION=NAME, such as people=@employee-number",
            param_hint="--external-reference",
        )
    return [(collection, name) for collection, _, name in pairs]


def read_all(
    config: Config, tenant: str, collection: str, filter_: Where, wanted: Sequence[str] | None
) -> list[dict[str, Any]]:
    """All pages of a list. Raises CommandFailed for a filter that would be refused."""
    pairs = references(wanted)

    async def read(client: Protime) -> list[dict[str, Any]]:
        pages = client.list(collection, filter_, pairs)
        return [msgspec.json.decode(raw) async for page in pages for raw in page.items]

    return with_protime(config, tenant, read, reads=collection, patience=on_screen())


def show_one(config: Config, tenant: str, collection: str, number: int, wanted: Sequence[str] | None) -> None:
    """Prints one record as JSON."""
    pairs = references(wanted)
    found = with_protime(
        config,
        tenant,
        lambda client: client.get(collection, number, pairs),
        reads=collection,
        patience=on_screen(),
    )
    screen.print_json(msgspec.json.decode(found.body))


def print_records(records: Sequence[Mapping[str, Any]], columns: Columns, as_json: bool) -> None:
    if as_json:
        screen.print_json(records)
        return
    if not records:
        print("no records")
        return
    table = screen.table(*columns)
    for record in records:
        table.add_row(*(_text(show(record)) for show in columns.values()))
    screen.Output().print_table(table)


def who(record: Mapping[str, Any]) -> str:
    """The id, and the external references that were asked for."""
    return named(record.get("person"))


def named(reference: Any) -> str:
    if not isinstance(reference, Mapping):
        return "-"
    return " ".join([str(reference.get("id", "")), *(reference.get("externalReferences") or {}).values()])


def clock(minutes: Any) -> str:
    """Minutes as on a clock: `08:00`, or `06:00 +1` the day after."""
    if not isinstance(minutes, int):
        return "-"
    days, rest = divmod(minutes, 1440)
    return f"{rest // 60:02}:{rest % 60:02}" + (f" {days:+d}" if days else "")


def activities(record: Mapping[str, Any]) -> str:
    levels = record.get("activityLevels") or ()
    return ", ".join(f"{item.get('level')}={named(item.get('activityDefinition'))}" for item in levels)


def _text(value: Any) -> str:
    return "-" if value in (None, "") else str(value)


def _ids(option: str, text: str) -> list[int]:
    found = [cells.whole(part) for part in text.split(",")]
    if not all(isinstance(number, int) for number in found):
        raise typer.BadParameter(
            f"{text}: expected ids with commas between, such as 1,2,3", param_hint=option
        )
    return [int(number) for number in found]


def _range(since: str, until: str | None) -> tuple[date, date | None]:
    first, last = _day("--from", since), None if until is None else _day("--to", until)
    if last is not None and last < first:
        raise typer.BadParameter(f"{until} is before --from {since}", param_hint="--to")
    return first, last


def _day(option: str, text: str) -> date:
    if not is_day(text):
        raise typer.BadParameter(f"{text}: expected a date such as 2026-03-01", param_hint=option)
    return date.fromisoformat(text)
