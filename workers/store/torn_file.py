"""A file of Redis that ends in the middle of a write, as a loss of power leaves it.

Told to (`aof-load-truncated yes`), Redis loads it and cuts off the last command, but leaves the beginning of the transaction
to which it belonged: at the next start that is carried out by half, and writes acknowledged since may be dropped with it
(seen with 7.0.15). Its own checker takes the whole transaction out, which nobody was told of.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import IO

_SAID = b"Unexpected end of file"


def is_torn(log: Path, since: int) -> bool:
    """Whether Redis ended because of it, by what its log says behind `since` bytes."""
    with log.open("rb") as file:
        file.seek(since)
        return _SAID in file.read()


def mend(server: Path, data: Path, log: IO[bytes]) -> None:
    """Takes out what was begun at the end of the append-only file. The server is its own checker, under another name."""
    parts = data / "appendonlydir" / "appendonly.aof.manifest"  # since Redis 7
    file = parts if parts.exists() else data / "appendonly.aof"
    subprocess.run(  # noqa: S603  # our own binary and path
        ["redis-check-aof", "--fix", str(file)],  # noqa: S607  # a name, `executable` is what runs
        executable=server,
        input=b"y\n",
        stdout=log,
        stderr=log,
        check=False,
    )
