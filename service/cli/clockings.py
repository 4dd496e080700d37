"""`clockings`: what people clocked, read and created. Protime knows no way to change or remove one by its API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli import at_protime, record_list
from service.cli.at_protime import IdArgument, TenantArgument, configured
from service.cli.body_options import (
    ActivityOption,
    DataOption,
    FileOption,
    PersonOption,
    StdinArgument,
    body_of,
    levels,
    print_id,
    reference,
)
from service.cli.import_ import DryRunOption, InputArgument, import_into
from service.cli.options import ConfigOption, JsonOption
from service.cli.record_list import (
    FilterOption,
    GroupsOption,
    PeopleOption,
    ReferencesOption,
    SinceOption,
    UntilOption,
)
from workers.imports.cells import minutes
from workers.imports.cells import number as number_
from workers.protime.addresses import Where
from workers.protime.clockings import KINDS

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
)

NAME = "clockings"

DateOption = Annotated[str | None, typer.Option("--date", metavar="DATE", help="The day of the clocking.")]
TimeOption = Annotated[str | None, typer.Option("--time", metavar="TIME", help="08:20, or minutes: 500.")]
KindOption = Annotated[str | None, typer.Option("--kind", metavar="|".join(KINDS), help="What it means.")]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="ID|@NAME=VALUE", help="Why, for kind Reason.")
]
OpenOption = Annotated[
    bool | None, typer.Option("--open/--not-open", help="Whether it is open, for kind Reason.")
]
TerminalOption = Annotated[
    str | None,
    typer.Option("--terminal", metavar="ID|@NAME=VALUE", help="Where: 765, or @external-code=T01."),
]
LongitudeOption = Annotated[str | None, typer.Option("--longitude", metavar="DEGREES", help="Where, east.")]
LatitudeOption = Annotated[str | None, typer.Option("--latitude", metavar="DEGREES", help="Where, north.")]

_COLUMNS: record_list.Columns = {
    "id": lambda record: record["id"],
    "person": record_list.who,
    "date": lambda record: record.get("date"),
    "time": lambda record: record_list.clock(record.get("timeOfDayInMinutes")),
    "kind": lambda record: record.get("kind"),
    "reason": lambda record: record_list.named(record.get("reason")),
    "activities": record_list.activities,
    "terminal": lambda record: record_list.named(record.get("terminal")),
    "status": lambda record: record.get("status"),
}


@app.callback()
def group(config: ConfigOption = None) -> None:
    """Clockings at Protime: read and created."""


@app.command("list")
def list_(
    context: typer.Context,
    tenant: TenantArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    person: PeopleOption = None,
    org_group: GroupsOption = None,
    filter_: FilterOption = None,
    external_reference: ReferencesOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The clockings of a range of days, at most a year."""
    loaded = configured(context, config, tenant)

    def where() -> Where:
        return record_list.where(filter_, since, until, person, org_group)

    found = record_list.read_all(loaded, tenant, NAME, where, external_reference)
    record_list.print_records(found, _COLUMNS, as_json)


@app.command("get")
def get(
    context: typer.Context,
    tenant: TenantArgument,
    number: IdArgument,
    external_reference: ReferencesOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """One clocking, as JSON in any case."""
    record_list.show_one(configured(context, config, tenant), tenant, NAME, number, external_reference)


@app.command("create")
def create(
    context: typer.Context,
    tenant: TenantArgument,
    dash: StdinArgument = None,
    data: DataOption = None,
    file: FileOption = None,
    person: PersonOption = None,
    date: DateOption = None,
    time: TimeOption = None,
    terminal: TerminalOption = None,
    longitude: LongitudeOption = None,
    latitude: LatitudeOption = None,
    kind: KindOption = None,
    reason: ReasonOption = None,
    is_open: OpenOption = None,
    activity: ActivityOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Registers a clocking, and prints its id. Exit code 1 when it is refused, by us or by Protime."""
    loaded = configured(context, config, tenant)
    parts = {
        "person": None if person is None else reference(person),
        "date": date,
        "timeOfDayInMinutes": None if time is None else minutes(time),
        "terminal": None if terminal is None else reference(terminal),
        "geolocation": _position(longitude, latitude),
        "kind": kind,
        "reason": None if reason is None else reference(reason),
        "isOpen": is_open,
        "activityLevels": levels(activity),
    }
    body = body_of(dash, data, file, parts)
    print_id(at_protime.create(loaded, tenant, NAME, body), as_json)


@app.command("import")
def import_(
    context: typer.Context,
    tenant: TenantArgument,
    file: InputArgument,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Registers a clocking for each row of a CSV or of JSON lines.

    What was done is kept in FILE.shiftwire-import: the same command again goes on, and creates no row twice. Exit code 1
    when a row failed.
    """
    import_into(NAME, configured(context, config, tenant), tenant, file, dry_run=dry_run, as_json=as_json)


def _position(longitude: str | None, latitude: str | None) -> dict[str, Any] | None:
    given = {"longitude": longitude, "latitude": latitude}
    return {name: number_(text) for name, text in given.items() if text is not None} or None
