"""One line for each event, for people."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final, Literal

from rich.console import Console
from rich.text import Text

from workers.events import Event, EventData, EventHead, Notice
from workers.sinks.base import CLOSED, Failure, Look, SinkOptions
from workers.sinks.threads import Threads

_COLORS: Final = {"created": "green", "updated": "yellow", "deleted": "red"}


class ConsoleOptions(SinkOptions):
    type: Literal["console"]


class ConsoleSink:
    """Writes to standard output unless told otherwise. `zone` is where the reader is; None: as the machine is set."""

    def __init__(
        self,
        name: str,
        options: ConsoleOptions,
        *,
        console: Console | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self._name = name
        self._options = options
        self._console = console or Console()
        self._zone = zone
        self._turn = threading.Lock()
        self._threads = Threads("console", 2)
        self._closed = False

    def __repr__(self) -> str:
        return f"ConsoleSink({self._name!r})"

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """All or none: the lines are one write."""
        if self._closed:
            return dict.fromkeys(range(len(events)), CLOSED)
        lines = [line(event.head, self._zone) for event in events]
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                await self._threads.run(self._print, lines)
        except TimeoutError:
            failure = Failure("the output takes nothing at the moment", scope="sink")
            return dict.fromkeys(range(len(events)), failure)
        except (OSError, ValueError) as error:
            # ValueError: standard output has been closed.
            failure = Failure(f"the output is gone ({type(error).__name__})", scope="sink")
            return dict.fromkeys(range(len(events)), failure)
        return {}

    async def look(self) -> Look:
        return Look(unseen="it is the standard output of the process that delivers")

    async def close(self) -> None:
        self._closed = True
        self._threads.close()

    def _print(self, lines: Sequence[Text]) -> None:
        if not lines:
            return
        # A terminal may be halted: one thread waits for it, the others give up and leave the retry to the caller.
        if not self._turn.acquire(timeout=self._options.timeout_seconds):
            raise TimeoutError
        try:
            self._write(lines)
        finally:
            self._turn.release()

    def _write(self, lines: Sequence[Text]) -> None:
        # Rendered first and written here: rich ends the process when the reader of a pipe went away.
        with self._console.capture() as rendered:
            self._console.print(Text("\n").join(lines), soft_wrap=True, highlight=False)
        file = self._console.file
        encoding = getattr(file, "encoding", None) or "utf-8"
        file.write(rendered.get().encode(encoding, "backslashreplace").decode(encoding))
        file.flush()


def line(head: EventHead, zone: tzinfo | None) -> Text:
    """Local time, tenant, subject, change, meanings, work from and to, notice."""
    data = head.data
    parts = [
        (_local(head.time, zone), "dim"),
        (data.tenant, "dim"),
        (head.subject, "bold"),
        (data.change, _COLORS.get(data.change, "")),
        (", ".join(data.meaning), "cyan"),
        (_work(data), ""),
        (_notice(data.notice), "bold red" if _is_short(data.notice) else "dim"),
    ]
    return Text("  ").join(Text(_printable(text), style) for text, style in parts if text)


def _local(time: str, zone: tzinfo | None) -> str:
    moment = _moment(time)
    return f"{moment.astimezone(zone):%H:%M:%S}" if moment else time


def _work(data: EventData) -> str:
    """From and to as the tenant's clock shows them: `Tue 10 Mar 09:00-18:00`."""
    start, end = _moment(data.start), _moment(data.end)
    if start is None or end is None:
        known = start or end
        return f"{known:%a %d %b %H:%M}" if known else ""
    same_day = start.date() == end.date()
    return (
        f"{start:%a %d %b %H:%M}-{end:%H:%M}"
        if same_day
        else f"{start:%a %d %b %H:%M} - {end:%a %d %b %H:%M}"
    )


def _is_short(notice: Notice | None) -> bool:
    return notice is not None and notice.short and notice.minutes >= 0


def _notice(notice: Notice | None) -> str:
    if notice is None:
        return ""
    hours, minutes = divmod(abs(notice.minutes), 60)
    days, hours = divmod(hours, 24)
    told = " ".join(
        f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if count
    )
    if (
        notice.minutes < 0
    ):  # nobody was given any: the work was over or under way when the change was learned of
        return f"began {told} ago"
    return f"{'short ' if notice.short else ''}notice {told or '0min'}"


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _printable(text: str) -> str:
    """Keep control characters away from the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
