"""PostgreSQL as a rig: a schema of its own on the shared server, which the sink reaches through a proxy."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from tests.workers.sinks.servers import needs
from tests.workers.sinks.tcp_proxy import TcpProxy
from workers.sinks import REGISTRY
from workers.sinks.base import Sink

#: The server trusts this machine and looks at no password.
PASSWORD = "word-of-postgres"
DIRECT = "postgresql://postgres@127.0.0.1:5432/test"


class PostgresRig:
    secrets = (PASSWORD,)

    def __init__(self, _: Path) -> None:
        needs("127.0.0.1", 5432, "PostgreSQL")
        self.schema = f"shiftwire_{uuid4().hex[:8]}"
        self.direct = psycopg.connect(DIRECT, autocommit=True)
        self.direct.execute(f"create schema {self.schema}")
        self.proxy = TcpProxy("127.0.0.1", 5432)
        self.proxy.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.proxy.port}/test"

    def sink(self, **options: Any) -> Sink:
        tables = {"events_table": f"{self.schema}.events", "state_table": f"{self.schema}.state"}
        self.options = REGISTRY["postgres"].options(type="postgres", **{"url": self.url} | tables | options)
        return REGISTRY["postgres"].create("database", self.options)

    def rows(self, query: str) -> list[Any]:
        """`{events}` and `{state}` stand for the tables; none before the first delivery."""
        named = query.format(events=f"{self.schema}.events", state=f"{self.schema}.state")
        try:
            return self.direct.execute(named.encode()).fetchall()
        except psycopg.errors.UndefinedTable:
            return []

    def subjects(self) -> list[str]:
        return [
            subject for (subject,) in self.rows("select event->>'subject' from {events} order by position")
        ]

    def ids(self) -> list[str]:
        return [event_id for (event_id,) in self.rows("select id from {events} order by position")]

    def distinct(self) -> list[str]:
        return self.ids()

    def take_away(self) -> None:
        self.proxy.stop()

    def bring_back(self) -> None:
        self.proxy.start()

    def restart(self) -> None:
        self.proxy.restart()

    def stalled(self) -> AbstractContextManager[None]:
        return self.proxy.stalled()

    def close(self) -> None:
        self.proxy.close()
        self.direct.execute(f"drop schema {self.schema} cascade")
        self.direct.close()
