"""The process: one simulated tenant behind uvicorn."""

from __future__ import annotations

import socket
from contextlib import suppress

import uvicorn

from simulator.app import create_app
from simulator.settings import Settings


def run(host: str, port: int, settings: Settings) -> None:
    """Serve until interrupted. API and authentication share the port."""
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning", access_log=False)


def run_on(sockets: list[socket.socket], settings: Settings) -> None:
    """The same on sockets that are bound already."""
    config = uvicorn.Config(create_app(settings), log_level="warning", access_log=False)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets)
