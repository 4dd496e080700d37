"""The command line in a process of its own, and waiting for what a process does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would point commands at a configuration of the machine's owner."""
    inherited = {k: v for k, v in os.environ.items() if k != "SHIFTWIRE_CONFIG"}
    return {**inherited, **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "service", *arguments]


def shiftwire(*arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Answer:
    """One command, to its end."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(**(env or {})),
        cwd=cwd,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def at_once(calls: Iterable[Callable[[], Answer]]) -> list[Answer]:
    """Commands that do not meet, side by side: most of the time of each goes into its start."""
    with ThreadPoolExecutor(4) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


@contextmanager
def running(*arguments: str, **settings: Any) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on; ended with the block at the latest."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command(*arguments), stdout=pipe, stderr=pipe, text=True, env=environment(), **settings
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that have not ended."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def reachable(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.05)
