"""A server in a process of its own, for as long as a block lasts."""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(run: Callable[[int, str], None], port: int, url: str) -> Iterator[None]:
    """Starts `run(port, url)`, waits until the port answers, and ends the process after the block."""
    process = multiprocessing.get_context("spawn").Process(target=run, args=(port, url), daemon=True)
    process.start()
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.join(10)
        if process.is_alive():
            process.kill()


def wait_for(port: int, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing answers on port {port}") from None
            time.sleep(0.05)
        else:
            return
