"""Servers that tests need and do not start themselves: missing on a laptop is a reason to skip, in CI a failure."""

from __future__ import annotations

import os
import socket
from typing import NoReturn

import pytest


def needs(host: str, port: int, what: str) -> None:
    try:
        socket.create_connection((host, port), 2).close()
    except OSError as error:
        missing(f"needs {what} at {host}:{port} ({error})")


def missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
