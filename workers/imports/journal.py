"""What an import has done so far, beside its input: append-only, one JSON object a line.

    {"target": "https://acme.myprotime.eu/acme/clockings", "row": "5d41…", "n": 1, "step": "sending"}
    {"target": …, "row": "5d41…", "n": 1, "step": "created", "id": 8192}

A row is known by the hash of its content and, among equal rows, by a number. That it is about to be sent is on disk
before it is sent; a process may end at any moment, so a row whose last step is `sending` may exist at Protime or not.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

import msgspec

from workers.protime.not_json import NOT_JSON

SUFFIX = ".shiftwire-import"

Step = Literal["sending", "created", "refused"]


class Key(NamedTuple):
    """Which row of the file: its content's hash, and its number among equal rows."""

    row: str
    n: int


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    target: str
    row: str
    n: int
    step: Step
    id: int | None = None

    @property
    def key(self) -> Key:
        return Key(self.row, self.n)


class Damaged(ValueError):
    """The journal cannot be trusted: something else has written into it."""


class InUse(RuntimeError):
    """Another process is importing the same file."""


_LINE = msgspec.json.Decoder(Line)


class Journal:
    """The steps towards one target (a host, a tenant and a collection). Open it as a context manager.

    Raises InUse, Damaged and OSError when it is opened.
    """

    def __init__(self, path: Path, target: str, *, sync: Callable[[int], None] = os.fsync) -> None:
        self._path = path
        self._sync = sync
        self._target = target
        self._file = -1
        self.steps: dict[Key, Line] = {}
        self._claimed: set[int] = set()
        self._appended = self._synced = 0
        self._syncing = asyncio.Lock()

    def __enter__(self) -> Self:
        new = not self._path.exists()
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._lock()
            self.steps = dict(_last_steps(self._path, self._target))
            self._claimed = {line.id for line in self.steps.values() if line.id is not None}
            os.ftruncate(self._file, _whole_lines(self._path.read_bytes()))
            if new:
                _sync_folder(self._path.parent)
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.fsync(self._file)
        os.close(self._file)

    @property
    def claimed(self) -> AbstractSet[int]:
        """The records that rows have become."""
        return self._claimed

    async def sending(self, key: Key) -> None:
        """On disk when this returns, and with it all steps before.

        Rows that wait while the disk is busy share the next sync.
        """
        self._append(Line(self._target, *key, "sending"))
        mine = self._appended
        async with self._syncing:
            if self._synced < mine:
                upto = self._appended
                await asyncio.to_thread(self._sync, self._file)
                self._synced = upto

    def created(self, key: Key, number: int) -> None:
        # Without an fsync of its own: if a power failure takes it, the row is looked for.
        self._append(Line(self._target, *key, "created", number))
        self._claimed.add(number)

    def refused(self, key: Key) -> None:
        self._append(Line(self._target, *key, "refused"))

    def _append(self, line: Line) -> None:
        text = msgspec.json.encode(line) + b"\n"
        if os.write(self._file, text) != len(text):
            raise OSError(f"{self._path}: the disk is full")
        self.steps[line.key] = line
        self._appended += 1

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"{self._path}: another import of this file is running") from None


def read_steps(path: Path, target: str) -> Mapping[Key, Line]:
    """The steps without opening the journal; none when there is no journal. Raises Damaged and OSError."""
    return dict(_last_steps(path, target)) if path.exists() else {}


def beside(path: Path) -> Path:
    """Where the journal of an input file is."""
    return path.with_name(path.name + SUFFIX)


def _last_steps(path: Path, target: str) -> Iterator[tuple[Key, Line]]:
    content = path.read_bytes()
    for number, text in enumerate(content[: _whole_lines(content)].splitlines(), 1):
        try:
            line: Any = _LINE.decode(text)
        except NOT_JSON as error:
            raise Damaged(f"{path}, line {number}: {error}") from None
        if line.target == target:
            yield line.key, line


def _whole_lines(content: bytes) -> int:
    """How many bytes are whole lines: a process that was killed may have left half of one."""
    return content.rfind(b"\n") + 1


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
