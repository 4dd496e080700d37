"""The process: one simulated tenant behind uvicorn."""

from __future__ import annotations

import uvicorn

from simulator.app import create_app
from simulator.settings import Settings


def run(host: str, port: int, settings: Settings) -> None:
    """Serve until interrupted. API and authentication share the port."""
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning", access_log=False)
