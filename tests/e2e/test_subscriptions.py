"""Subscriptions keep themselves alive, whatever becomes of them at Protime."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.e2e.installation import PAYLOAD, Installation, reachable, until
from tests.e2e.promises import differences

CHECK_SECONDS = 1.0
CHECKED: dict[str, Any] = {"subscriptions": {"check_seconds": CHECK_SECONDS, "renew_at": 0.5}}


def enabled(installation: Installation) -> set[str]:
    return {w["id"] for w in installation.protime.webhooks() if w["status"] == "Enabled"}


@pytest.mark.rule("8.9-watch")
@pytest.mark.e2e
@pytest.mark.parametrize("action", ["disable", "delete", "expire"])
def test_a_webhook_lost_behind_our_back_is_made_anew(install, figures, action: str):
    installation: Installation = install(collections=PAYLOAD, extra=CHECKED)
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    told = protime.plan()["id"]
    until(lambda: sink.of(told), 5, "a change arrives")
    (old,) = enabled(installation)
    protime.interfere(old, action)
    missed = protime.plan()["id"]
    protime.write(id=told, comments="nobody listens")

    anew = until(lambda: enabled(installation) - {old}, CHECK_SECONDS + 2, "a new webhook")
    until(installation.caught_up, 3, "what was missed arrives")
    figures(f"{action}: a new webhook {anew:.1f} s later (checked every {CHECK_SECONDS:.0f} s)")
    assert {e["origin"] for e in sink.of(missed)} == {"delta"}
    # The first walk of the delta may have been as fast as the first notification.
    assert [e["origin"] for e in sink.of(told)][1:] == ["delta"]
    protime.write(id=missed, comments="somebody listens")
    until(lambda: len(sink.of(missed)) == 2, 5, "changes flow again")
    assert sink.of(missed)[-1]["origin"] == "webhook"
    until(lambda: len(protime.webhooks()) == 1, 5, "the old webhook is tidied away")


@pytest.mark.rule("8.9-no-gap")
@pytest.mark.e2e
@pytest.mark.parametrize("enabled_after", [0.0, 1.0])
def test_a_renewal_leaves_no_gap(install, figures, enabled_after: float):
    """Webhooks are renewed every three seconds, under traffic whose notifications come late: every single change gets its
    2xx, also what was still to be sent by a webhook that had been replaced, and while the new one does not deliver yet."""
    installation: Installation = install(
        collections=PAYLOAD,
        sink={"batch": 20},
        extra={"subscriptions": {"check_seconds": 0.5, "renew_at": 0.5}},
        settings={
            "webhook_validity_seconds": 6.0,
            "webhook_enabled_after_seconds": enabled_after,
            "reorder_probability": 1.0,
            "reorder_seconds": 0.3,
        },
    )
    installation.start_all()
    until(lambda: enabled(installation), 5, "the first webhook delivers")
    protime, sink = installation.protime, installation.subscriber
    protime.generate(count=50, changes=600, per_second=80)
    seen: list[set[str]] = []
    while not protime.quiet():
        seen.append(enabled(installation))
        time.sleep(0.02)
    until(installation.settled, 10, "nothing is in flight")
    deliveries = protime.deliveries()
    changes = {(d["id"], d["changeVersion"]) for d in deliveries}
    accepted = {(int(s.partition("/")[2]), v) for s, v in protime.accepted()}
    hooks = {d["webhook"] for d in deliveries}
    origins = [event["origin"] for event in sink.events]
    figures(
        f"{len(hooks)} webhooks, {max(len(s) for s in seen)} at a time; {len(changes)} changes, "
        f"{len(changes - accepted)} without a 2xx, {len(origins) - origins.count('webhook')} brought by the delta before them"
    )
    assert len(hooks) >= 3
    assert all(seen), "there was a moment without an enabled webhook"
    assert len(changes) == 650
    assert changes == accepted
    assert differences(protime.state(), sink.last()) == {}


@pytest.mark.e2e
def test_strays_of_ours_are_removed_and_those_of_others_stay(install):
    installation: Installation = install(collections=PAYLOAD, extra=CHECKED)
    installation.start_all()
    protime = installation.protime
    ours = protime.subscribe(
        f"http://127.0.0.1:{installation.port}/webhooks/acme/assignments/a-token-nobody-knows"
    )
    others = {
        protime.subscribe("http://127.0.0.1:9/webhooks/acme/assignments/of-somebody-else"),
        protime.subscribe(f"http://127.0.0.1:{installation.port}/elsewhere"),
        protime.subscribe(
            f"http://127.0.0.1:{installation.port}/webhooks/acme2/assignments/of-another-tenant"
        ),
    }
    until(lambda: ours not in enabled(installation), CHECK_SECONDS + 2, "the stray is removed")
    time.sleep(2 * CHECK_SECONDS)
    assert others < enabled(installation)
    assert len(enabled(installation)) == len(others) + 1
    number = protime.plan()["id"]
    until(lambda: installation.subscriber.of(number), 5, "changes still arrive")


@pytest.mark.rule("8.9-no-gap")
@pytest.mark.e2e
def test_after_a_changed_public_url_webhooks_lead_to_the_new_one_and_every_change_arrives(install):
    """The old ones go last, also for `subscriptions list` they are ours until then; those of others stay."""
    installation: Installation = install(collections=PAYLOAD, extra=CHECKED)
    installation.start_all()
    protime, new = installation.protime, f"http://localhost:{installation.port}"
    protime.generate(count=20, changes=300, per_second=50)
    for name in ("work", "schedule"):
        installation.end(name)
    installation.extra["public_url"] = new
    installation.write_configuration()
    (listed,) = installation.json("subscriptions", "list")
    assert listed["managed"] is True
    assert listed["destination_url"] == f"http://127.0.0.1:{installation.port}/webhooks/acme/assignments/***"
    installation.start("work", "schedule")

    def led_to_new() -> list[bool]:
        return [w["destinationUrl"].startswith(new) for w in protime.webhooks()]

    until(lambda: sorted(led_to_new()) == [False, True], 10, "both webhooks are there")
    until(lambda: led_to_new() == [True], 5, "the old one is gone")
    until(protime.quiet, 20, "all is sent")
    until(installation.settled, 10, "nothing is in flight")
    sent = {(f"assignments/{d['id']}", d["changeVersion"]) for d in protime.deliveries()}
    assert len(sent) == 320
    assert sent == set(protime.accepted())
    assert differences(protime.state(), installation.subscriber.last()) == {}
    old = f"http://127.0.0.1:{installation.port}/webhooks/acme/assignments/of-somebody-else"
    theirs = protime.subscribe(old)
    time.sleep(2 * CHECK_SECONDS)
    assert theirs in enabled(installation)


@pytest.mark.rule("8.2-no-key")
@pytest.mark.e2e
def test_a_key_under_an_unknown_name_stops_the_subscription_with_a_word_and_changes_still_arrive(install):
    collections = {"assignments": {"since": "2026-01-01", "poll_seconds": 1}}
    settings = {"webhook_key_property": "hmacKey"}
    installation: Installation = install(
        collections=collections, settings=settings, extra={"subscriptions": {"check_seconds": 60}}
    )
    installation.start("simulator")
    until(lambda: reachable(installation.simulator_port), 15, "the simulator answers")
    installation.start_store()
    installation.start("serve", "work", "schedule")
    until(lambda: reachable(installation.port), 15, "the receiver answers")
    stopped = 'shiftwire_stopped{collection="assignments",tenant="acme"} 1.0'
    until(lambda: stopped in installation.http.get("/metrics").text, 15, "the metric says what stopped")
    log = (installation.directory / "work.log").read_text()
    assert "tenants.acme.webhook_key_names" in log
    assert "hmacKey" in log
    asked, number = installation.protime.calls("POST /webhooks"), installation.protime.plan()["id"]
    until(lambda: installation.subscriber.of(number), 15, "the change arrives by the delta")
    time.sleep(6)  # a check that did not come to its end is repeated after five seconds
    assert installation.protime.calls("POST /webhooks") == asked == 1
    assert installation.protime.webhooks() == []
    installation.protime.switch(webhook_key_property="key")
    renewed = installation.run("subscriptions", "renew", "acme", "assignments")
    assert renewed.returncode == 0, renewed.stderr
    until(lambda: stopped not in installation.http.get("/metrics").text, 5, "nothing is stopped")
