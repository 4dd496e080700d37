from __future__ import annotations

import jsonschema
import pytest

from workers.config import config_schema
from workers.sinks import REGISTRY


def errors(document):
    return list(jsonschema.Draft202012Validator(config_schema()).iter_errors(document))


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(config_schema())


def test_what_is_a_configuration_fits_the_schema(case):
    case.set("sinks.archive", {"type": "file", "path": "events"}).set("store.partitions", 4)
    case.config()
    assert not errors(case.data)


def test_an_expression_fits_wherever_a_value_can_stand(case):
    case.set("server.port", "${PORT:-8080}").set("store.allow_volatile", "${VOLATILE}")
    case.set("tenants.acme.collections.assignments", {"since": "${SINCE}", "fetch": "${FETCH}"})
    case.set("sinks.out", {"type": "console", "batch": "${BATCH}"})
    assert not errors(case.data)


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        ("publc_url", "x"),
        ("server.port", 70000),
        ("store.partitions", 65),
        ("tenants.Acme", {}),
        ("tenants.acme.collections.asignments", {}),
        ("tenants.acme.signature.algorithm", "md5"),
        ("sinks.out", {"type": "nothing"}),
        ("sinks.out", {"type": "file"}),
        ("sinks.a b", {"type": "console"}),
    ],
)
def test_what_is_no_configuration_does_not_fit(case, where, wrong):
    assert errors(case.set(where, wrong).data)


def test_every_kind_of_sink_is_described():
    text = str(config_schema())
    assert all(f"'const': '{name}'" in text for name in REGISTRY)


def test_every_key_has_a_description():
    schema = config_schema()
    owners = {"the file": schema, **schema["$defs"]}
    keys = [(o, k, v) for o, node in owners.items() for k, v in node.get("properties", {}).items()]
    assert len(keys) > 200
    assert [f"{owner}.{key}" for owner, key, value in keys if not value.get("description")] == []
