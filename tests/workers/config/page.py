"""`make configuration` writes docs/configuration.md: every key, from the schema of the configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workers.config import config_schema
from workers.sinks import REGISTRY

PAGE = Path(__file__).resolve().parents[3] / "docs" / "configuration.md"
HEAD = """\
# Configuration

Every key of `shiftwire.yaml`, written by `make configuration`. `${NAME}` and `${NAME:-default}` stand for values of the
environment anywhere, `$$` for a `$`. An unknown key is an error. `shiftwire schema config` prints the same for an editor,
`shiftwire check` tells all mistakes at once. *Needed*: there is no default.
"""
#: More words than these are not listed: the error lists those that are near.
FEW = 8
#: What the options of all sinks have in common.
SHARED = ("type", "filter", "retry", "batch", "timeout_seconds", "own_writes", "shape", "collapse")
#: Path → definition: in the order of the page.
SECTIONS = {
    "store": "Store",
    "server": "Server",
    "admin_tokens": "AdminTokens",
    "tenants.NAME": "Tenant",
    "tenants.NAME.signature": "Signature",
    "tenants.NAME.collections.COLLECTION": "Collection",
    "tenants.NAME.collections.COLLECTION.reconcile": "Reconcile",
    "tenants.NAME.collections.COLLECTION.webhook": "ManualWebhook",
    "subscriptions": "Subscriptions",
    "retention": "Retention",
}
OF_SINKS = {
    "sinks.NAME.filter": "Filter",
    "sinks.NAME.filter.starts_between": "DayTimes",
    "sinks.NAME.filter.learned_between": "ZonedDayTimes",
    "sinks.NAME.retry": "Retry",
    "sinks.NAME.shape": "Shape",
    "sinks.NAME.collapse": "Collapse",
}


def page() -> str:
    schema = config_schema()
    return "\n".join([HEAD, *_parts(schema)])


def _parts(schema: dict[str, Any]) -> Iterator[str]:
    known = schema["$defs"]
    yield _section("The file", schema)
    for path, name in SECTIONS.items():
        yield _section(f"`{path}`", known[name])
    kinds = {kind: known[entry.options.__name__] for kind, entry in REGISTRY.items()}
    yield _section("`sinks.NAME`, of every type", next(iter(kinds.values())), only=SHARED)
    for path, name in OF_SINKS.items():
        yield _section(f"`{path}`", known[name])
    for kind, node in kinds.items():
        own = tuple(key for key in node["properties"] if key not in SHARED)
        if own:
            yield _section(f"`sinks.NAME`, type `{kind}`", node, only=own)
        if kind == "notify":
            yield _section("`sinks.NAME.digest`", known["Digest"])


def _section(title: str, node: dict[str, Any], only: tuple[str, ...] = ()) -> str:
    rows = [
        _row(key, value, needed=key in node.get("required", ()))
        for key, value in node["properties"].items()
        if not only or key in only
    ]
    return "\n".join([f"## {title}\n", "| key | default | takes | |", "|---|---|---|---|", *rows, ""])


def _row(key: str, value: dict[str, Any], *, needed: bool) -> str:
    cells = (
        f"`{key}`",
        "*needed*" if needed else _default(value),
        _takes(value) if key != "type" else _listed(sorted(REGISTRY)),
        value["description"],
    )
    return f"| {' | '.join(cell.replace('|', '&#124;').replace('<', '&lt;') for cell in cells)} |"


def _default(value: dict[str, Any]) -> str:
    found = value.get("default")
    if found in (None, "", [], {}) or isinstance(found, dict):
        return ""
    return f"`{json.dumps(found, ensure_ascii=False)}`" if not isinstance(found, str) else _text(found)


def _text(found: str) -> str:
    return f"`{found.strip().replace(chr(10), ' ')}`"


def _takes(value: dict[str, Any]) -> str:
    choices = [each for each in value.get("anyOf", ()) if not _is_beside_the_point(each)]
    if choices:
        return " or ".join(dict.fromkeys(map(_takes, choices)))
    if "$ref" in value or "oneOf" in value:
        return "keys"
    if "enum" in value:
        return _listed(value["enum"]) if len(value["enum"]) <= FEW else "a name"
    return _of_type(value)


def _is_beside_the_point(choice: dict[str, Any]) -> bool:
    """`null` is a key left out, and `${NAME}` stands anywhere."""
    return choice.get("type") == "null" or "${" in str(choice.get("pattern", "")).replace("\\", "")


def _of_type(value: dict[str, Any]) -> str:
    match value.get("type"):
        case "boolean":
            return "`true` or `false`"
        case "integer" | "number" as kind:
            return f"{'a whole number' if kind == 'integer' else 'a number'}{_bounds(value)}"
        case "array":
            items = value.get("items")
            return f"a list: {_takes(items)}" if items else "a list"
        case "object":
            return "keys"
    if value.get("format") == "date":
        return "a date"
    return "a path" if "path" in str(value.get("format")) else "a text"


def _bounds(value: dict[str, Any]) -> str:
    least, above, most = (value.get(name) for name in ("minimum", "exclusiveMinimum", "maximum"))
    words = [
        f"from {_figure(least)}" if least is not None else "",
        f"above {_figure(above)}" if above is not None else "",
        f"to {_figure(most)}" if most is not None else "",
    ]
    said = " ".join(word for word in words if word)
    return f" {said}" if said else ""


def _figure(number: float) -> str:
    return f"{int(number):,}" if float(number).is_integer() else str(number)


def _listed(words: list[Any]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
