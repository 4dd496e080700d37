"""The delta repairs what webhooks lost, and begins anew by itself when Protime has forgotten it."""

from __future__ import annotations

import pytest

from tests.e2e.installation import ASSIGNMENTS, PAYLOAD, Installation, until

POLLED = {"assignments": {**ASSIGNMENTS["assignments"], "poll_seconds": 1}}


def origins(installation: Installation, number: int) -> list[str]:
    return [event["origin"] for event in installation.subscriber.of(number)]


@pytest.mark.rule("8.5-silence")
@pytest.mark.e2e
def test_changes_whose_webhook_got_lost_come_by_the_delta(install):
    installation: Installation = install(
        collections={"assignments": {**PAYLOAD["assignments"], "poll_seconds": 1}}
    )
    installation.start_all()
    protime = installation.protime
    told = protime.plan()["id"]
    until(lambda: origins(installation, told) == ["webhook"], 5, "a change comes by webhook")
    protime.switch(drop_probability=1.0)
    protime.write(id=told, comments="nobody is told")
    lost = protime.plan()["id"]
    gone = protime.plan()["id"]
    until(lambda: origins(installation, gone) == ["delta"], 5, "a lost change comes by delta")
    protime.remove(gone)
    until(lambda: len(installation.subscriber.of(gone)) == 2, 5, "a lost deletion comes by delta")
    assert origins(installation, told) == ["webhook", "delta"]
    assert origins(installation, lost) == ["delta"]
    assert [(e["origin"], e["data"]["change"]) for e in installation.subscriber.of(gone)][1] == (
        "delta",
        "deleted",
    )
    until(installation.settled, 5, "nothing is in flight")


@pytest.mark.e2e
@pytest.mark.parametrize("fetch", ["delta", "payload"])
def test_an_expired_delta_begins_anew_by_itself(install, fetch: str):
    installation: Installation = install(
        collections={"assignments": {**POLLED["assignments"], "fetch": fetch}}
    )
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    known = protime.plan()["id"]
    until(lambda: sink.of(known), 5, "a change arrives")

    gone = protime.plan()["id"]
    until(lambda: sink.of(gone), 5, "another change arrives")
    protime.switch(drop_probability=1.0)
    missed = protime.plan()["id"]
    protime.write(id=known, comments="changed while the delta died")
    protime.remove(gone)
    protime.expire_deltas()
    until(installation.caught_up, 15, "the new start brings what was missed, a comparison what was deleted")
    assert "starting anew" in (installation.directory / "work.log").read_text()
    assert origins(installation, missed)[0] in {"sync", "delta"}

    protime.write(id=missed, comments="after the new start")
    until(installation.caught_up, 5, "changes flow from the new delta")
    assert origins(installation, missed)[-1] == "delta"
    protime.switch(drop_probability=0.0)
    protime.write(id=missed, comments="and by webhook")
    until(installation.caught_up, 5, "changes flow by webhook")
    assert origins(installation, missed)[-1] == "webhook"
    assert len(sink.events) == len({event["id"] for event in sink.events}), "the overlap repeated nothing"
    until(installation.settled, 5, "nothing is in flight")
