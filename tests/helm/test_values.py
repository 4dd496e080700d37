"""Which values the chart has, and which it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CHART = Path(__file__).resolve().parents[2] / "helm"
COMPONENTS = ("web", "workers", "scheduler")
KINDS = {
    "ConfigMap",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PodMonitor",
    "Secret",
    "Service",
    "ServiceAccount",
}

pytestmark = pytest.mark.timeout(600)


def tenant(**more: Any) -> dict[str, Any]:
    return {"config": {"tenants": {"acme": more}}}


def sink(**more: Any) -> dict[str, Any]:
    return {"config": {"sinks": {"out": {"type": "webhook", **more}}}}


REFUSED = {
    "an unknown key": ({"webb": {}}, "webb"),
    "an unknown key of a component": ({"workers": {"replicaCount": 3}}, "replicaCount"),
    "an unknown key of all components": ({"scheduler": {"service": {}}}, "service"),
    "an unknown section of the configuration": ({"config": {"tenant": {}}}, "tenant"),
    "a wrong type": ({"web": {"replicas": "two"}}, "/web/replicas"),
    "a port that does not exist": ({"metrics": {"port": 70000}}, "/metrics/port"),
    "a deleted section": ({"config": {"store": None}}, "store"),
    "no address of the store": ({"config": {"store": {"url": ""}}}, "config.store.url is empty"),
    "an embedded store": ({"config": {"store": {"data_dir": "/data"}}}, "data_dir"),
    "an address that is no Redis": ({"config": {"store": {"url": "http://redis:6379"}}}, "/config/store/url"),
    "a password in the address": ({"config": {"store": {"url": "redis://:pw@redis/0"}}}, "/config/store/url"),
    "a client secret in the clear": (tenant(client_secret="open"), "/config/tenants/acme/client_secret"),
    "a signing secret in the clear": (sink(secret="open"), "/config/sinks/out/secret"),
    "a key of the store in the clear": ({"config": {"secret_key": "open"}}, "/config/secret_key"),
    "a previous key of the store in the clear": (
        {"config": {"previous_secret_keys": ["open"]}},
        "/config/previous_secret_keys/0",
    ),
    "an admin token in the clear": ({"config": {"admin_tokens": {"viewer": "open"}}}, "viewer"),
    "a token in the query of an address": (
        sink(url="https://example.com/in?a=1&access_token=open"),
        "/config/sinks/out/url",
    ),
    "a password in the query of an address": (
        sink(type="postgres", url="postgresql://h/db?sslmode=require&password=open"),
        "/config/sinks/out/url",
    ),
    "a password that begins with a dollar": (
        {"config": {"store": {"url": "redis://:$open@redis/0"}}},
        "/config/store/url",
    ),
    "a token of NATS in the clear": (sink(type="nats", url="nats://open@h:4222"), "/config/sinks/out/url"),
    "a header in the clear": (sink(headers={"Authorization": "Bearer 0pen"}), "/headers/Authorization"),
    "an address of Apprise in the clear": (sink(type="notify", urls=["slack://open/a/b"]), "/urls/0"),
    "an address of Apprise with one of two by name": (
        sink(type="notify", urls=["mailto://me:open@h?to=${TO}"]),
        "/urls/0",
    ),
    "a password of Kafka in the clear": (
        sink(type="kafka", options={"sasl.password": "open"}),
        "/options/sasl.password",
    ),
    "a key of Kafka in the clear": (
        sink(type="kafka", options={"ssl.key.pem": "open"}),
        "/options/ssl.key.pem",
    ),
    "a web process that only its own pod reaches": (
        {"config": {"server": {"host": "127.0.0.1"}}},
        "/config/server/host",
    ),
    "a web process that only its own pod reaches, by name": (
        {"config": {"server": {"host": "localhost"}}},
        "/config/server/host",
    ),
    "a secret that is no name of a variable": ({"secrets": {"client-id": "x"}}, "client-id"),
    "an ingress without a host": ({"web": {"ingress": {"enabled": True}}}, "web.ingress has no host"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(render, name):
    values, word = REFUSED[name]
    answer = render(values)
    assert answer.refused is not None
    assert word in answer.refused


ACCEPTED = {
    "a store without a password": {"config": {"store": {"url": "redis://redis:6379/0"}}},
    "a store with its password by name": {"config": {"store": {"url": "redis://:${REDIS_PASSWORD}@redis/0"}}},
    "two signing secrets by name": sink(secret=["${NEW}", "${OLD}"]),
    "addresses, headers and options with their secrets by name": {
        "config": {
            "sinks": {
                "web": {
                    "type": "webhook",
                    "url": "https://example.com/in?tenant=acme&token=${TOKEN}",
                    "headers": {"Authorization": "Bearer ${TOKEN}", "X-Key": "${KEY}"},
                },
                "bus": {"type": "nats", "url": "nats://${NATS_TOKEN}@h:4222"},
                "rows": {"type": "postgres", "url": "postgresql://me@h/db?sslkey=/tls/key&password=${PW}"},
                "chat": {"type": "notify", "urls": ["slack://${SLACK}", "${MAIL}"]},
                "topic": {"type": "kafka", "options": {"sasl.password": "${PW}", "sasl.username": "me"}},
            }
        }
    },
    "a web process on every address, also of IPv6": {"config": {"server": {"host": "::"}}},
    "values of a parent chart": {"global": {"anything": True}},
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(render, name):
    answer = render(ACCEPTED[name])
    assert (answer.refused, answer.lint, answer.invalid) == (None, [], [])


def test_the_notes_look_at_sinks_from_where_events_are_sent_and_name_only_what_there_is(render):
    notes = render({}).notes
    assert "exec deploy/demo-shiftwire-workers -- shiftwire check --online" in notes
    assert "ashboard" not in notes + (CHART / "values.yaml").read_text()


def test_the_linter_sees_a_key_that_does_not_exist(render):
    assert any(finding.startswith("error") for finding in render({"webb": {}}).lint)


def test_components_have_keys_of_the_same_shape(values):
    scheduler, workers, web = (shape(values[name]) for name in ("scheduler", "workers", "web"))
    assert workers - scheduler == {key for key in web if key.startswith("autoscaling")}
    assert web - workers == {key for key in web if key.startswith(("service", "ingress"))}
    assert scheduler < workers < web


def shape(component: dict[str, Any]) -> set[str]:
    """Names of the chart's own keys; what belongs to Kubernetes is left out."""
    ours = ("podDisruptionBudget", "autoscaling", "service", "ingress")
    below = {f"{key}.{inner}" for key in ours for inner in component.get(key, {})}
    return component.keys() | below


def test_every_key_is_explained(values):
    lines = (CHART / "values.yaml").read_text().splitlines()
    opaque = ("podSecurityContext", "securityContext", "resources", "lifecycle")
    unexplained, skipped = [], None
    for before, line in zip(["", *lines], lines, strict=False):
        indent, key = len(line) - len(line.lstrip()), line.strip().partition(":")[0]
        if skipped is not None and (not line.strip() or indent > skipped):
            continue
        skipped = indent if key in opaque else None
        leaf = ":" in line and not line.strip().startswith("#") and not line.endswith(":")
        if leaf and not before.strip().startswith("#"):
            unexplained.append(line)
    assert unexplained == []


def test_the_ci_file_switches_everything_on(values, full_values):
    unset = [path for path in leaves(values) if not has(full_values, path)]
    assert set(unset) <= {
        "nameOverride",
        "image.tag",
        "image.pullPolicy",
        "config.secret_key",
        "config.server.host",
        "config.server.port",
        "serviceAccount.create",
        *(path for path in unset if path.startswith(("podSecurityContext.", "securityContext."))),
        *(path for path in unset if ".resources." in path or "Probe." in path),
    }


def test_the_ci_file_makes_every_kind_of_object(full):
    assert {each["kind"] for each in full.manifests} == KINDS


def leaves(values: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key, value in values.items():
        below = leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else []
        found += below or [prefix + key]
    return found


def has(values: Any, path: str) -> bool:
    for key in path.split("."):
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return values not in (None, False, "", [], {})
