"""Ports for servers of tests."""

from __future__ import annotations

import random
import socket

#: Below what systems give to outgoing connections: one of those could take the port before the server does.
_PORTS = range(15_000, 32_000)
_DICE = random.SystemRandom()


def free_port() -> int:
    """One that nobody listens on; that two tests get the same at once is improbable, as they are drawn."""
    while True:
        port = _DICE.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
