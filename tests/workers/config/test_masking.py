from __future__ import annotations

import json

import pytest

from workers.config import masked
from workers.config.masking import mask_text

MARK = "hunter2hunter2hunter2hunter2hunter2hunter2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://user:pass@h:1/0", "redis://***@h:1/0"),
        ("redis://:p/a?s@s@h/0", "redis://***@h/0"),
        ("nats://token@h:4222", "nats://***@h:4222"),
        ("https://h/in?token=abc&b=c", "https://h/in?token=***&b=***"),
        ("https://h/in?abc", "https://h/in?***"),
        ("https://h/in#abc", "https://h/in"),
        ("https://h/webhooks/acme/T0kenT0kenT0kenT0ken", "https://h/webhooks/acme/***"),
        ("slack://a/b/c", "slack://***"),
        ("mailto://user:pass@example.com", "mailto://***"),
        ("https://h/x, slack://a/b", "https://***"),
        ("nats://a:4222,nats://b:4222", "nats://a:4222,nats://b:4222"),
        ("host=h user=u password=abc dbname=d", "host=h user=u password=*** dbname=d"),
        (r"password='a\'b c' dbname=d", "password=*** dbname=d"),
        ("user:pass@h:5672", "***@h:5672"),
        ("@employee-number", "@employee-number"),
        ("Europe/Brussels", "Europe/Brussels"),
        ("./events", "./events"),
    ],
)
def test_what_opens_a_door_is_masked_inside_a_text(text, shown):
    assert mask_text(text) == shown


def test_the_effective_configuration_is_complete_and_plain(case):
    shown = masked(case.set("sinks.out", {"type": "file", "path": "events"}).config())
    assert json.loads(json.dumps(shown)) == shown
    assert shown["secret_key"] == "***"
    assert shown["tenants"]["acme"]["client_secret"] == "***"
    assert shown["tenants"]["acme"]["base_url"] == "https://acme.myprotime.eu"
    assert shown["tenants"]["acme"]["collections"]["assignments"]["since"] == "2026-01-01"
    assert shown["sinks"]["out"]["path"] == "events"
    assert shown["subscriptions"] == {"manage": True, "check_seconds": 300, "renew_at": 0.8}
    assert shown["admin_tokens"] == {"operator": None, "viewer": None}


def test_the_name_of_a_tenant_or_sink_masks_nothing(case):
    case.data["tenants"]["secret-corp"] = case.data["tenants"].pop("acme")
    shown = masked(case.set("sinks.tokens", {"type": "console"}).config())
    assert shown["tenants"]["secret-corp"]["client_id"] == "id"
    assert shown["sinks"]["tokens"]["type"] == "console"


SECRETS = {
    "secret_key": MARK,
    "previous_secret_keys": [MARK],
    "store.url": f"redis://user:{MARK}@localhost:6379/0",
    "admin_tokens.operator": MARK,
    "admin_tokens.viewer": f"{MARK}-of-the-viewer",
    "tenants.acme.client_secret": MARK,
    "tenants.acme.collections.assignments.webhook": {"token": MARK, "keys": [MARK, MARK]},
    "sinks.out": {
        "type": "webhook",
        "url": f"https://example.com/in/{MARK}?token={MARK}",
        "unsigned": True,
        "headers": {"Authorization": f"Bearer {MARK}"},
    },
}


def test_no_secret_is_in_the_masked_configuration_nor_in_its_repr(case):
    for where, value in SECRETS.items():
        case.set(where, value)
    config = case.config()
    assert MARK not in json.dumps(masked(config))
    assert MARK not in repr(config)
    assert MARK not in str(config.model_copy())


@pytest.mark.parametrize(
    "bend", [lambda v: [v], lambda v: {"x": v}, lambda v: f"{v} \n", lambda v: [[{"y": [v]}]]]
)
@pytest.mark.parametrize("where", SECRETS)
def test_no_secret_is_in_the_problems_however_it_is_misplaced(case, where, bend):
    for place, value in SECRETS.items():
        case.set(place, value)
    case.set(where, bend(SECRETS[where])).set(f"{where.rpartition('.')[0] or 'store'}.typo", MARK)
    case.set("server", MARK).set("tenants.acme.signature", MARK)
    assert MARK not in "\n".join(case.problems())


def everywhere(data, way=()):
    """Each place with a value, mappings included."""
    for key, value in data.items():
        yield (*way, key)
        if isinstance(value, dict):
            yield from everywhere(value, (*way, key))


def test_a_value_from_the_environment_is_in_no_problem_wherever_it_stands(case):
    case.set("server.port", 1).set("store.url", "").set("tenants.acme.timezone", "UTC")
    case.set("tenants.acme.signature.algorithm", "sha256").set(
        "sinks.out", {"type": "file", "path": "x", "batch": 1}
    )
    case.set("subscriptions.manage", True).set("tenants.acme.collections.assignments.fetch", "delta")
    case.set("tenants.acme.collections.assignments.external_references", {"people": "@employee-number"})
    for place in list(everywhere(case.data)):
        for value in ("${MARK}", ["${MARK}"], {"x": "${MARK}"}):
            bent = type(case)()
            bent.data = json.loads(json.dumps(case.data))
            assert MARK not in str(bent.set(".".join(place), value).problems_if_any(environ={"MARK": MARK}))
