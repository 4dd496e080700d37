"""What a postgres sink can be told."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from workers.sinks.base import SinkOptions
from workers.sinks.extras import Extra
from workers.sinks.postgres_url import PostgresUrl, usable
from workers.sinks.reasons import readable

#: `table` or `schema.table`, as PostgreSQL stores them: taken literally, never folded to lower case.
_WORD = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
TableName = Annotated[str, Field(pattern=rf"^{_WORD}(\.{_WORD})?$")]


class PostgresOptions(SinkOptions):
    extra: ClassVar[Extra | None] = Extra("postgres", "psycopg")

    type: Literal["postgres"]
    url: Annotated[PostgresUrl, AfterValidator(usable)] = Field(
        description="postgresql://[user[:password]@]host[:port]/database; libpq's parameters stand in the query, such as ?sslmode=verify-full"
    )
    events_table: TableName = Field(
        default="shiftwire_events", description="the table of every event once, `table` or `schema.table`"
    )
    state_table: TableName = Field(
        default="shiftwire_state",
        description="the table of every record as it is now, `table` or `schema.table`",
    )
    create_tables: bool = Field(
        default=True, description="make the tables where they are missing; the schema must be there"
    )

    @model_validator(mode="after")
    def _understood(self) -> Self:
        # Imported here: only who has such a sink has the library.
        from psycopg import ProgrammingError  # noqa: PLC0415
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

        try:
            conninfo_to_dict(self.url.get_secret_value())
        except ProgrammingError as error:
            raise ValueError(f"url: {readable(str(error), hide=self.url.hidden)}") from None
        return self

    @model_validator(mode="after")
    def _two_tables(self) -> Self:
        if self.events_table == self.state_table:
            raise ValueError("events_table and state_table must differ")
        return self
