"""The JSON Schema of the configuration file, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from workers.config.model import Config
from workers.config.sink_choice import HasOptions
from workers.config.values import SINK_NAME, TENANT_NAME
from workers.sinks import REGISTRY

# What is not a text may still be written as one that is expanded.
_EXPRESSION: Final = {"type": "string", "pattern": r"\$\{[A-Za-z_]"}


def config_schema(registry: Mapping[str, HasOptions] = REGISTRY) -> dict[str, Any]:
    """JSON Schema 2020-12 of `shiftwire.yaml`; a sink is one of the registered kinds, told apart by `type`."""
    kinds = {name: entry.options for name, entry in registry.items()}
    models: list[type[BaseModel]] = [Config, *kinds.values()]
    references, described = models_json_schema([(model, "validation") for model in models])
    definitions: dict[str, Any] = described["$defs"]
    places = {model: reference["$ref"] for (model, _), reference in references.items()}
    for name, model in kinds.items():
        _name_kind(definitions[_last(places[model])], name)
    whole = definitions.pop(_last(places[Config]))
    named = whole["properties"]
    named["tenants"]["propertyNames"] = {"pattern": f"^{TENANT_NAME}$"}
    named["sinks"]["propertyNames"] = {"pattern": f"^{SINK_NAME}$"}
    named["sinks"]["additionalProperties"] = {"oneOf": [{"$ref": places[model]} for model in kinds.values()]}
    definitions.pop("SinkOptions", None)
    schema = {**whole, "title": "shiftwire.yaml", "$defs": definitions}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_with_expressions(schema)}


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _name_kind(options: dict[str, Any], name: str) -> None:
    options["properties"]["type"] = {"const": name, "description": "this kind of sink"}
    options["required"] = sorted({"type", *options.get("required", [])})


def _is_no_text(node: dict[str, Any]) -> bool:
    # In a map of properties these three can be names of keys; their values are mappings then.
    is_list = isinstance(node.get("enum"), list)
    return is_list or node.get("type") in ("integer", "number", "boolean") or node.get("format") == "date"


def _with_expressions(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_expressions(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    if _is_no_text(node):
        # Title, description and default stay where editors look for them.
        outer = {key: node[key] for key in ("title", "description", "default") if key in node}
        return {**outer, "anyOf": [{key: node[key] for key in node if key not in outer}, _EXPRESSION]}
    kept = {"default", "propertyNames"}
    return {key: value if key in kept else _with_expressions(value) for key, value in node.items()}
