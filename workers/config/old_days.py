"""What was good when it was written, and is no longer what Protime allows: to be told, and no reason to stand still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from workers.config.catalog import is_dated
from workers.config.mistakes import line
from workers.config.model import Config
from workers.protime import earliest_delta_start


def old_days(config: Config, now: dt.datetime) -> list[str]:
    """A line for each `since` that a delta can no longer begin with, in the words of a mistake. `now` is aware.

    A delta begins on 1 January of the previous year at the earliest (protime-api §6.3), so this comes of itself at New Year.
    """
    return list(_old(config, now))


def _old(config: Config, now: dt.datetime) -> Iterator[str]:
    for name, tenant in config.tenants.items():
        first = earliest_delta_start(now.astimezone(tenant.zone).date())
        for collection, settings in tenant.collections.items():
            since, delta = settings.since, settings.fetch != "resource" and is_dated(collection)
            if delta and since is not None and since < first:
                path = ("tenants", name, "collections", collection, "since")
                yield line(
                    path, f"deltas no longer begin on {since}: {first} is used. Write it, or a later day."
                )
