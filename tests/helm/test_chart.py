"""What the chart makes of its values."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from service import main as web
from service.cli.app import app
from workers import main as workers
from workers.config import Config, load

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = {"web", "workers", "scheduler"}
#: Seconds that the server of the probes is waited for.
PROBES_SECONDS = 5

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(params=["default", "full"])
def rendered(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def test_lints_clean_and_installs(rendered):
    assert (rendered.lint, rendered.refused) == ([], None)


def test_kubernetes_knows_every_field(rendered):
    assert rendered.invalid == []


def test_there_is_a_deployment_for_each_process_kind(rendered):
    assert rendered.pods().keys() == COMPONENTS


def test_each_component_runs_its_command(default):
    assert {name: each["args"] for name, each in default.containers().items()} == {
        "web": ["serve"],
        "workers": ["work", "--metrics-port", "9090"],
        "scheduler": ["schedule", "--metrics-port", "9090"],
    }


def test_the_commands_exist(default):
    known = {command.name for command in app.registered_commands}
    assert {each["args"][0] for each in default.containers().values()} <= known


def test_no_pod_has_more_rights_than_it_needs(rendered):
    for pod in rendered.pods().values():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_no_pod_can_talk_to_kubernetes(rendered):
    for part in [*rendered.pods().values(), *rendered.of("ServiceAccount").values()]:
        assert part["automountServiceAccountToken"] is False


def test_each_pod_has_probes_on_a_port_it_has(rendered):
    for container in rendered.containers().values():
        (port,) = container["ports"]
        probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
        assert {probe["port"] for probe in probes.values()} == {port["name"]}
        assert {name: probe["path"] for name, probe in probes.items()} == {
            "startup": "/livez",
            "liveness": "/livez",
            "readiness": "/readyz",
        }


def test_the_ports_are_those_the_processes_listen_on(full):
    ports = {name: each["ports"][0]["containerPort"] for name, each in full.containers().items()}
    assert ports == {"web": full.configuration()["server"]["port"], "workers": 9191, "scheduler": 9191}


def test_each_pod_asks_for_resources_and_has_a_memory_limit(rendered):
    for container in rendered.containers().values():
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


def test_pods_are_given_the_time_they_take_to_drain(default):
    pods = default.pods()
    hook = default.containers()["web"]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pods["web"]["terminationGracePeriodSeconds"] > hook + web.DRAIN_SECONDS
    assert pods["workers"]["terminationGracePeriodSeconds"] > 2 * workers.DRAIN_SECONDS + PROBES_SECONDS


def test_the_configuration_file_is_what_the_process_reads(rendered):
    for name, container in rendered.containers().items():
        mount = next(each for each in container["volumeMounts"] if each["name"] == "config")
        assert {"name": "SHIFTWIRE_CONFIG", "value": f"{mount['mountPath']}/shiftwire.yaml"} in container[
            "env"
        ], name
        assert mount["readOnly"]


def test_the_full_configuration_is_accepted_by_shiftwire(full, tmp_path):
    (config,) = full.of("ConfigMap").values()
    (secret,) = full.of("Secret").values()
    file = tmp_path / "shiftwire.yaml"
    file.write_text(config["data"]["shiftwire.yaml"])
    own = {
        "ACME_CLIENT_ID": "id",
        "ACME_CLIENT_SECRET": "secret",
        "SINK_SECRET": f"whsec_{'c2hpZnR3aXJl' * 3}",
    }
    loaded = load(file, secret["stringData"] | own, today=dt.date(2026, 6, 1))
    assert loaded.store.url == "rediss://shiftwire:redis-password-for-tests@redis.example.com:6379/0"
    assert loaded.store.max_backlog == 1_000_000
    assert loaded.tenants["acme"].collections["assignments"].since == dt.date(2026, 1, 1)


def test_no_secret_stands_outside_the_secret(full):
    (secret,) = full.of("Secret").values()
    rest = yaml.safe_dump([each for each in full.manifests if each["kind"] != "Secret"]) + full.notes
    assert secret["stringData"]
    assert not [name for name, value in secret["stringData"].items() if value in rest]


def test_secrets_of_the_chart_and_of_the_user_become_variables(full):
    for container in full.containers().values():
        names = [each["secretRef"]["name"] for each in container["envFrom"]]
        assert names == ["shifts", "shiftwire-tenants"]


@pytest.mark.parametrize(
    "values", [{"config": {"retention": {"raw_days": 3}}}, {"secrets": {"NAME": "value"}}]
)
def test_a_changed_configuration_replaces_the_pods(render, default, values):
    before, after = (
        {each["spec"]["template"]["metadata"]["annotations"][key] for each in r.of("Deployment").values()}
        for r, key in ((r, f"checksum/{next(iter(values))}") for r in (default, render(values)))
    )
    assert before.isdisjoint(after)


def test_selectors_choose_the_pods_of_their_own_component(full):
    for kind in ("Deployment", "PodDisruptionBudget"):
        for name, each in full.of(kind).items():
            chosen = each["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
            assert name == f"shifts-{chosen}"


def test_only_webhooks_are_reachable_from_outside_unless_told(render):
    answer = render(
        {"config": {"public_url": "https://hooks.example.com"}, "web": {"ingress": {"enabled": True}}}
    )
    (ingress,) = answer.of("Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    assert (rule["host"], [path["path"] for path in rule["http"]["paths"]]) == (
        "hooks.example.com",
        ["/webhooks"],
    )


def test_load_decides_the_number_of_pods_where_it_may(full):
    fixed = {name for name, each in full.of("Deployment").items() if "replicas" in each["spec"]}
    assert (fixed, set(full.of("HorizontalPodAutoscaler"))) == (
        {"shifts-scheduler"},
        {"shifts-web", "shifts-workers"},
    )


def test_the_notes_say_what_is_missing(default, full):
    assert "config.tenants is empty" in default.notes
    assert "WARNING" not in full.notes


def test_the_chart_is_of_the_same_version_as_the_code():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    chart = yaml.safe_load((ROOT / "helm/Chart.yaml").read_text())
    assert (chart["name"], chart["appVersion"]) == (project["name"], project["version"])


def test_the_chart_knows_every_section_of_the_configuration(render):
    sections = Config.model_fields.keys() - {"public_url", "secret_key", "previous_secret_keys"}
    assert render({"config": {name: {} for name in sorted(sections)}}).refused is None
