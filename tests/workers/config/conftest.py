"""A configuration without mistakes, and what changes of it lead to."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from typing import Any, Self

import pytest

from workers.config import Config, ConfigError, parse

TODAY = dt.date(2026, 3, 9)
GOOD: dict[str, Any] = {
    "public_url": "https://hooks.example.com",
    "secret_key": "k" * 44,
    "tenants": {
        "acme": {
            "client_id": "id",
            "client_secret": "of-the-client",
            "user_agent": "ScheduleSync/v1 (Acme Corp)",
            "collections": {"assignments": {"since": "2026-01-01"}},
        }
    },
}


class Case:
    """`where` is a dotted path; mappings on the way are made."""

    def __init__(self) -> None:
        self.data = copy.deepcopy(GOOD)

    def set(self, where: str, value: Any) -> Self:
        *way, last = where.split(".")
        here = self.data
        for part in way:
            here = here.setdefault(part, {})
        here[last] = value
        return self

    def drop(self, where: str) -> Self:
        *way, last = where.split(".")
        here = self.data
        for part in way:
            here = here[part]
        del here[last]
        return self

    def config(self, **more: Any) -> Config:
        return parse(self.data, today=TODAY, **more)

    def problems(self, environ: Mapping[str, str] | None = None, **more: Any) -> list[str]:
        found = self.problems_if_any(environ=environ, **more)
        assert found
        return found

    def problems_if_any(self, **more: Any) -> list[str]:
        try:
            self.config(**more)
        except ConfigError as error:
            return error.problems
        return []

    def problem(self, **more: Any) -> str:
        """The only one."""
        (one,) = self.problems(**more)
        return one


@pytest.fixture
def case() -> Case:
    return Case()
