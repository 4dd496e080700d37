"""The `secret_key` is replaced while changes flow: no webhook is made anew, and in the end the old key is not needed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.e2e.installation import PAYLOAD, Installation, reachable, until

OLD, NEW = "the secret key of last year, long enough", "the secret key of this year, long enough"
PROCESSES = ("serve", "work", "schedule")


def restart(installation: Installation, **keys: Any) -> None:
    running = [name for name in PROCESSES if name in installation.processes]
    for name in running:
        assert installation.end(name) == 0
    configured = {**installation.configuration(), **keys}
    installation.config.write_text(yaml.safe_dump(configured), encoding="utf-8")
    installation.start(*PROCESSES)
    until(lambda: reachable(installation.port), 20, "the receiver answers")


def changes_flow(installation: Installation) -> None:
    number = installation.protime.plan()["id"]
    until(lambda: installation.subscriber.of(number), 20, "a change arrives by webhook")
    (accepted,) = [d for d in installation.protime.deliveries() if d["id"] == number]
    assert accepted["status"] == "Delivered"


def log(installation: Installation, name: str) -> str:
    return (installation.directory / f"{name}.log").read_text()


@pytest.mark.e2e
@pytest.mark.slow
def test_a_secret_key_is_replaced_without_losing_a_webhook(install: Any) -> None:
    installation: Installation = install(collections=PAYLOAD)
    installation.start("simulator")
    installation.start_store()
    until(lambda: reachable(installation.simulator_port), 15, "the simulator answers")
    restart(installation, secret_key=OLD)
    installation.wait_until_ready()
    changes_flow(installation)
    made = [webhook["id"] for webhook in installation.protime.webhooks()]

    restart(installation, secret_key=NEW, previous_secret_keys=[OLD])
    changes_flow(installation)
    until(lambda: "encrypted anew" in log(installation, "work"), 20, "records are encrypted anew")

    restart(installation, secret_key=NEW)
    changes_flow(installation)
    assert [webhook["id"] for webhook in installation.protime.webhooks()] == made
    assert "cannot be opened" not in log(installation, "serve") + log(installation, "work")
