"""`assignments`: planning at Protime, read and written. Nothing here needs the store."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli import at_protime, record_list
from service.cli.at_protime import IdArgument, TenantArgument, configured, with_protime
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
from workers.imports.cells import minutes, whole
from workers.protime.addresses import Where

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
)

NAME = "assignments"

FromOption = Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day.")]
LastOption = Annotated[str | None, typer.Option("--until", metavar="DATE", help="The last day.")]
StartOption = Annotated[str | None, typer.Option("--start", metavar="TIME", help="08:00, or minutes: 480.")]
EndOption = Annotated[str | None, typer.Option("--end", metavar="TIME", help="17:00, or minutes: 1020.")]
BreakOption = Annotated[str | None, typer.Option("--break", metavar="MINUTES", help="How long the break is.")]
CommentsOption = Annotated[str | None, typer.Option("--comments", metavar="TEXT", help="A remark.")]

_COLUMNS: record_list.Columns = {
    "id": lambda record: record["id"],
    "person": record_list.who,
    "from": lambda record: record.get("from"),
    "until": lambda record: record.get("until"),
    "start": lambda record: record_list.clock(record.get("startTimeInMinutes")),
    "end": lambda record: record_list.clock(record.get("endTimeInMinutes")),
    "break": lambda record: record.get("breakDurationInMinutes"),
    "activities": record_list.activities,
    "comments": lambda record: record.get("comments"),
}


@app.callback()
def group(config: ConfigOption = None) -> None:
    """Planning at Protime: read and written."""


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
    """The assignments that begin in a range of days."""
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
    """One assignment, as JSON in any case."""
    record_list.show_one(configured(context, config, tenant), tenant, NAME, number, external_reference)


@app.command("create")
def create(
    context: typer.Context,
    tenant: TenantArgument,
    dash: StdinArgument = None,
    data: DataOption = None,
    file: FileOption = None,
    person: PersonOption = None,
    from_: FromOption = None,
    until: LastOption = None,
    start: StartOption = None,
    end: EndOption = None,
    break_: BreakOption = None,
    comments: CommentsOption = None,
    activity: ActivityOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plans an assignment, and prints its id. Exit code 1 when it is refused, by us or by Protime."""
    loaded = configured(context, config, tenant)
    parts = options(person, from_, until, start, end, break_, comments, activity)
    body = body_of(dash, data, file, parts)
    print_id(at_protime.create(loaded, tenant, NAME, body), as_json)


@app.command("update")
def update(
    context: typer.Context,
    tenant: TenantArgument,
    number: IdArgument,
    dash: StdinArgument = None,
    data: DataOption = None,
    file: FileOption = None,
    person: PersonOption = None,
    from_: FromOption = None,
    until: LastOption = None,
    start: StartOption = None,
    end: EndOption = None,
    break_: BreakOption = None,
    comments: CommentsOption = None,
    activity: ActivityOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Changes what is named, and keeps everything else. In JSON, null clears a property."""
    loaded = configured(context, config, tenant)
    parts = options(person, from_, until, start, end, break_, comments, activity)
    changes = body_of(dash, data, file, parts)
    with_protime(
        loaded, tenant, lambda client: client.change_assignment(number, changes), reads=NAME, writes=NAME
    )
    print_id(number, as_json)


@app.command("delete")
def delete(
    context: typer.Context,
    tenant: TenantArgument,
    number: IdArgument,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Removes an assignment."""
    loaded = configured(context, config, tenant)
    with_protime(loaded, tenant, lambda client: client.delete_assignment(number), writes=NAME)
    print_id(number, as_json)


@app.command("import")
def import_(
    context: typer.Context,
    tenant: TenantArgument,
    file: InputArgument,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plans an assignment for each row of a CSV or of JSON lines.

    What was done is kept in FILE.shiftwire-import: the same command again goes on, and creates no row twice. Exit code 1
    when a row failed.
    """
    import_into(NAME, configured(context, config, tenant), tenant, file, dry_run=dry_run, as_json=as_json)


def options(
    person: str | None,
    from_: str | None,
    until: str | None,
    start: str | None,
    end: str | None,
    break_: str | None,
    comments: str | None,
    activity: list[str] | None,
) -> dict[str, Any]:
    """The options as properties, in Protime's order; None where one was not used."""
    return {
        "person": None if person is None else reference(person),
        "from": from_,
        "until": until,
        "startTimeInMinutes": None if start is None else minutes(start),
        "endTimeInMinutes": None if end is None else minutes(end),
        "breakDurationInMinutes": None if break_ is None else whole(break_),
        "comments": comments,
        "activityLevels": levels(activity),
    }
