"""Ports for servers of tests."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from itertools import chain

#: Below what systems give to outgoing connections: one of those could take the port before the server does.
_FIRST, _LAST = 15_000, 32_000
#: Tests that run side by side have ranges of their own: a port is looked at before its server has it.
_RANGES = 16


def free_port() -> int:
    """One that nobody listens on, and that this process was not given before."""
    return next(port for port in _PORTS if _is_free(port))


def _ports() -> Iterator[int]:
    """Round and round from anywhere in the range, so that two runs at a time seldom meet."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    size = (_LAST - _FIRST) // _RANGES
    first = _FIRST + int(worker) % _RANGES * size
    begin = random.SystemRandom().randrange(size)
    while True:
        yield from chain(range(first + begin, first + size), range(first, first + begin))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_PORTS = _ports()
