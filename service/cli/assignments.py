"""`assignments`: planning at Protime, read and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from service.cli import at_protime, record_list
from service.cli.at_protime import At, IdArgument, with_protime
from service.cli.body_options import (
    ActivityOption,
    Given,
    PersonOption,
    body_of,
    levels,
    print_id,
    read,
    reference,
    time_of_day,
)
from service.cli.options import Manner, option
from service.cli.parameters import spread
from service.cli.record_group import add_import, add_reading, record_group
from service.cli.waiting import on_screen
from workers.imports.cells import whole

NAME = "assignments"

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


@dataclass(frozen=True)
class Parts:
    """What can be said of an assignment by single options."""

    person: PersonOption = None
    from_: Annotated[str | None, option("--from", "DATE", "The first day.")] = None
    until: Annotated[
        str | None, option("--until", "DATE", "The last day. Without it a new one is open-ended.")
    ] = None
    start: Annotated[str | None, option("--start", "TIME", "08:00, or minutes since midnight: 480.")] = None
    end: Annotated[str | None, option("--end", "TIME", "17:00, or minutes since midnight: 1020.")] = None
    break_: Annotated[str | None, option("--break", "MINUTES", "How long the break is.")] = None
    comments: Annotated[str | None, option("--comments", "TEXT", "A remark.")] = None
    activity: ActivityOption = None

    def properties(self) -> dict[str, Any]:
        """In Protime's order; None where an option was not used."""
        return {
            "person": read(reference, self.person),
            "from": self.from_,
            "until": self.until,
            "startTimeInMinutes": time_of_day("--start", self.start),
            "endTimeInMinutes": time_of_day("--end", self.end),
            "breakDurationInMinutes": read(whole, self.break_),
            "comments": self.comments,
            "activityLevels": levels(self.activity),
        }


app = record_group("Planning at Protime: read and written.")
add_reading(
    app,
    NAME,
    _COLUMNS,
    list_="The assignments that begin in a range of days.",
    get="One assignment, as JSON in any case.",
)


@app.command("create")
@spread
def create(at: At, given: Given, parts: Parts, how: Manner) -> None:
    """Plans an assignment, and prints its id. Exit code 1 when it is refused, by us or by Protime.

    Without --until (or `until` in the body) it is open-ended: it goes on every day from --from. For a single day give
    the same day twice.
    """
    config = at.configured(how.config)
    body = body_of(given, parts.properties())
    print_id(at_protime.create(config, at.tenant, NAME, body), how.as_json)


@app.command("update")
@spread
def update(at: At, number: IdArgument, given: Given, parts: Parts, how: Manner) -> None:
    """Changes what is named, and keeps everything else. In JSON, null clears a property."""
    config = at.configured(how.config)
    changes = body_of(given, parts.properties())
    with_protime(
        config,
        at.tenant,
        lambda client: client.change_assignment(number, changes),
        reads=NAME,
        writes=NAME,
        patience=on_screen(),
    )
    print_id(number, how.as_json)


@app.command("delete")
@spread
def delete(at: At, number: IdArgument, how: Manner) -> None:
    """Removes an assignment."""
    config = at.configured(how.config)
    with_protime(config, at.tenant, lambda client: client.delete_assignment(number), writes=NAME)
    print_id(number, how.as_json)


add_import(app, NAME, "Plans an assignment for each row of a CSV or of JSON lines.")
