"""How the command line writes: for people on a terminal, whole lines without colours in a pipe, JSON for scripts."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from workers.config import Config

#: A pipe has no width: wide enough that a table breaks no lines.
_PIPE_WIDTH = 200
_ANY_WIDTH = 100_000


class Output(Console):
    """Standard output. Rich sees to colours: none in a pipe, none with NO_COLOR."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else _PIPE_WIDTH
        super().__init__(width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def print_table(self, shown: Table) -> None:
        """A line for each row in a pipe; on a terminal long cells are folded. Either way nothing is cut off."""
        if not self.is_terminal:
            room = self.options.update(max_width=_ANY_WIDTH)
            self.width = max(self.width, Measurement.get(self, room, shown).maximum)
        self.print(shown, soft_wrap=False)

    def on_broken_pipe(self) -> None:
        """Rich would end the process here; whoever has processes or connections to close does that first."""
        raise BrokenPipeError


def table(*columns: str) -> Table:
    """An `id` stays in one piece: it is there to be copied into the next command."""
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in columns:
        shown.add_column(name, no_wrap=name == "id", overflow="fold")
    return shown


def print_json(value: Any) -> None:
    """Indented; characters beyond ASCII stay as they are where the output can hold them."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, indent=2, ensure_ascii=not unicode))


def zone(config: Config, tenant: str) -> ZoneInfo:
    """Where the people of a tenant look at the clock; UTC for one that is no longer configured."""
    known = config.tenants.get(tenant)
    return known.zone if known else ZoneInfo("UTC")


def local(at: datetime | str, where: ZoneInfo) -> str:
    """A moment as people read it: `2026-03-09 15:03:11 CET`."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone(where):%Y-%m-%d %H:%M:%S %Z}"
