"""A server of the test's own, with the configuration the test needs."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.workers.sinks.servers import missing


@contextmanager
def running(
    program: str, arguments: Callable[[int], Sequence[str]], folder: Path, *, port: int = 0
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The port on which `program` listens (a free one unless given) and its process; it writes into `folder`."""
    path = shutil.which(program)
    if path is None:
        missing(f"needs {program} on the path")
    port = port or free_port()
    with (folder / f"{program}.log").open("w") as log:
        process = subprocess.Popen([str(path), *arguments(port)], stdout=log, stderr=log)
        try:
            _wait(port, process)
            yield port, process
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"{process.args!r} did not start")
