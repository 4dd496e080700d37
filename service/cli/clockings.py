"""`clockings`: what people clocked, read and created. Protime knows no way to change or remove one by its API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from service.cli import at_protime, record_list
from service.cli.at_protime import At
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
from workers.imports.cells import number
from workers.protime.clockings import KINDS

NAME = "clockings"

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

_REFERENCE = "ID|@NAME=VALUE"


@dataclass(frozen=True)
class Parts:
    """What can be said of a clocking by single options."""

    person: PersonOption = None
    date: Annotated[str | None, option("--date", "DATE", "The day of the clocking.")] = None
    time: Annotated[str | None, option("--time", "TIME", "08:20, or minutes since midnight: 500.")] = None
    terminal: Annotated[
        str | None, option("--terminal", _REFERENCE, "Where: 765, or @external-code=T01.")
    ] = None
    longitude: Annotated[str | None, option("--longitude", "DEGREES", "Where, east.")] = None
    latitude: Annotated[str | None, option("--latitude", "DEGREES", "Where, north.")] = None
    kind: Annotated[str | None, option("--kind", "|".join(KINDS), "What it means.")] = None
    reason: Annotated[str | None, option("--reason", _REFERENCE, "Why, for kind Reason.")] = None
    is_open: Annotated[
        bool | None, typer.Option("--open/--not-open", help="Whether it is open, for kind Reason.")
    ] = None
    activity: ActivityOption = None

    def properties(self) -> dict[str, Any]:
        """In Protime's order; None where an option was not used."""
        return {
            "person": read(reference, self.person),
            "date": self.date,
            "timeOfDayInMinutes": time_of_day("--time", self.time),
            "terminal": read(reference, self.terminal),
            "geolocation": self._position(),
            "kind": self.kind,
            "reason": read(reference, self.reason),
            "isOpen": self.is_open,
            "activityLevels": levels(self.activity),
        }

    def _position(self) -> dict[str, Any] | None:
        """Raises BadParameter for half of one."""
        if self.longitude is None and self.latitude is None:
            return None
        if self.longitude is None or self.latitude is None:
            raise typer.BadParameter("--longitude and --latitude make a place together: give both")
        return {"longitude": number(self.longitude), "latitude": number(self.latitude)}


app = record_group("Clockings at Protime: read and created.")
add_reading(
    app,
    NAME,
    _COLUMNS,
    list_="The clockings of a range of days, at most a year.",
    get="One clocking, as JSON in any case.",
)


@app.command("create")
@spread
def create(at: At, given: Given, parts: Parts, how: Manner) -> None:
    """Registers a clocking, and prints its id. Exit code 1 when it is refused, by us or by Protime."""
    config = at.configured(how.config)
    body = body_of(given, parts.properties())
    print_id(at_protime.create(config, at.tenant, NAME, body), how.as_json)


add_import(app, NAME, "Registers a clocking for each row of a CSV or of JSON lines.")
