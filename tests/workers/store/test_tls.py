"""A store behind TLS is who its certificate says, unless the address itself asks for less."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from workers.queue import make_broker
from workers.store.connect import connect


def clients(url: str) -> list[Any]:
    """Every way in which a process talks to the store."""
    return [connect(url), make_broker(url).client]


@pytest.mark.parametrize("way", [0, 1], ids=["the store", "wake-ups"])
def test_the_certificate_and_its_name_are_checked_without_being_told(way: int) -> None:
    pool = clients("rediss://redis.example.com/0")[way].connection_pool
    connection = pool.connection_class(**pool.connection_kwargs)
    assert connection.cert_reqs == ssl.CERT_REQUIRED
    assert connection.check_hostname is True
