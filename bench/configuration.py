"""One tenant with one collection whose webhook was made by hand: the bench sends the notifications itself."""

from __future__ import annotations

from typing import Any

from bench.load import KEY

TOKEN = "bench-token-of-the-receiver"
PATH = f"/webhooks/acme/assignments/{TOKEN}"


def configuration(url: str, port: int, fetch: str = "payload") -> dict[str, Any]:
    collection = {"since": "2026-01-01", "fetch": fetch, "webhook": {"token": TOKEN, "keys": [KEY]}}
    tenant = {
        "client_id": "bench",
        "client_secret": "bench",
        "user_agent": "Bench/v1 (Shiftwire)",
        "collections": {"assignments": collection},
    }
    return {
        "store": {"url": url},
        "server": {"host": "127.0.0.1", "port": port},
        "tenants": {"acme": tenant},
        "subscriptions": {"manage": False},
        "public_url": "http://localhost",
    }
