"""The control page: every switch, the counts, webhooks and deltas. Values in, HTML out; plain forms, no script needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.generation import GENERATED
from simulator.markup import Markup, joined, table, tag
from simulator.operations import WEBHOOK_ACTIONS, deltas, statistics
from simulator.settings import Settings
from simulator.switches import Group, Switch, groups
from simulator.tenant import Tenant

FORMS = "/control/forms"
STYLE = (
    "body{font:15px/1.4 system-ui,sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0}th,td{text-align:left;padding:.15rem .6rem;vertical-align:top}"
    "tbody tr:nth-child(odd){background:#8881}form{margin:.2rem 0}form.inline{display:inline}"
    "[role=alert]{color:#b00020;font-weight:600}small{opacity:.75}"
)
#: Refreshes the counts; without it the page is as good as when it was loaded.
SCRIPT = (
    "setInterval(async()=>{try{const page=await(await fetch('/control')).text();"
    "const fresh=new DOMParser().parseFromString(page,'text/html').getElementById('counts');"
    "document.getElementById('counts').replaceWith(fresh)}catch{}},2000)"
)
ACTIONS = (
    ("revoke-tokens", "Revoke all access tokens"),
    ("expire-deltas", "Expire all deltas"),
    ("expire-paging-tokens", "Expire all paging tokens"),
    ("reset", "Reset: fresh data, no webhooks, deltas or tokens"),
)


@dataclass(frozen=True)
class Wrong:
    """What a form sent that could not be taken: its name, why, and the text that was typed."""

    form: str
    reason: str
    typed: Mapping[str, str] = field(default_factory=dict)


def page(tenant: Tenant, wrong: Wrong | None = None) -> str:
    forms = (_group(name, group, tenant.settings, wrong) for name, group in groups().items())
    body = tag(
        "body",
        tag("h1", f"Simulated tenant {tenant.settings.tenant}"),
        _counts(tenant),
        _actions(wrong),
        _generate(wrong),
        _webhooks(tenant, wrong),
        _deltas(tenant, wrong),
        *forms,
        tag("script", Markup(SCRIPT)),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width"),
        tag("title", "Simulator"),
        tag("style", Markup(STYLE)),
    )
    return "<!doctype html>" + tag("html", head, body, lang="en")


def _counts(tenant: Tenant) -> Markup:
    found = statistics(tenant)
    flat = {"pending deliveries": found["pending"], "changes still to generate": found["generating"]}
    flat |= {"changes": found["changes"], "last changeVersion": found["changeVersion"]}
    flat |= {f"deliveries: {name.replace('_', ' ')}": count for name, count in found["deliveries"].items()}
    calls = sorted(found["calls"].items())
    return tag(
        "section",
        tag("h2", "Counts"),
        table(("What", "How many"), *flat.items(), name="totals"),
        table(("Call", "How many"), *calls, name="calls"),
        id="counts",
    )


def _actions(wrong: Wrong | None) -> Markup:
    buttons = (_button(f"actions/{name}", text) for name, text in ACTIONS)
    return tag("section", tag("h2", "Actions"), *buttons, _alert("actions", wrong))


def _generate(wrong: Wrong | None) -> Markup:
    typed = wrong.typed if wrong and wrong.form == "generate" else {}
    choice = typed.get("collection", "assignments")
    names = (tag("option", name, value=name, selected=name == choice) for name in GENERATED)
    fields = [tag("label", "Collection ", tag("select", *names, name="collection"))]
    for name, text, usual in (
        ("changes", "Changes", "100"),
        ("count", "Records", "10"),
        ("seed", "Seed", "1"),
        ("per_second", "Per second (empty: at once)", ""),
    ):
        box = tag("input", type="number", step="any", name=name, value=typed.get(name, usual))
        fields.append(tag("label", f" {text} ", box))
    form = tag("form", *fields, tag("button", "Generate"), method="post", action=f"{FORMS}/generate")
    return tag("section", tag("h2", "Changes"), form, _alert("generate", wrong))


def _webhooks(tenant: Tenant, wrong: Wrong | None) -> Markup:
    rows = []
    for hook in tenant.webhooks.known.values():
        shown = tenant.webhooks.resource(hook)
        status = "Deleted" if hook.deleted else shown["status"]
        act = joined(*(_button(f"webhooks/{hook.id}/{name}", name) for name in WEBHOOK_ACTIONS))
        rows.append((hook.collection, hook.destination, status, shown["validUntil"], len(hook.events), act))
    head = ("Collection", "Destination", "Status", "Valid until", "Events kept", "")
    found = table(head, *rows, name="webhooks")
    return tag("section", tag("h2", "Webhooks"), found, _alert("webhooks", wrong))


def _deltas(tenant: Tenant, wrong: Wrong | None) -> Markup:
    rows = [
        (d["id"], d["collection"], d["owner"], d["expiresAt"], _button(f"deltas/{d['id']}", "expire"))
        for d in deltas(tenant)
    ]
    found = table(("Id", "Collection", "Client", "Expires if unused", ""), *rows, name="deltas")
    return tag("section", tag("h2", "Deltas"), found, _alert("deltas", wrong))


def _group(name: str, group: Group, settings: Settings, wrong: Wrong | None) -> Markup:
    typed = wrong.typed if wrong and wrong.form == name else None
    rows = []
    for switch in group.switches:
        label = tag("label", tag("code", switch.name), for_=switch.name)
        rows.append(
            (label, _control(switch, getattr(settings, switch.name), typed), tag("small", switch.about))
        )
    found = table(("Switch", "Value", ""), *rows, name=f"switches-{name}")
    save = tag("button", "Save")
    form = tag("form", found, _alert(name, wrong), save, method="post", action=f"{FORMS}/settings/{name}")
    return tag("section", tag("h2", group.title), form, id=name)


def _control(switch: Switch, value: Any, typed: Mapping[str, str] | None) -> Markup:
    """The input that suits the kind of value, with the value, or with what was typed wrong."""
    named = {"id": switch.name, "name": switch.name}
    if switch.kind == "flag":
        on = value if typed is None else switch.name in typed
        return tag("input", type="checkbox", checked=on, **named)
    text = switch.show(value) if typed is None else typed.get(switch.name, "")
    if switch.kind == "choice":
        options = (tag("option", c, value=c, selected=str(c) == text) for c in switch.choices)
        return tag("select", *options, **named)
    if switch.kind in ("integer", "number"):
        step = "1" if switch.kind == "integer" else "any"
        return tag("input", type="number", step=step, value=text, **named)
    return tag("input", type="text", size=40, value=text, **named)


def _button(path: str, text: str) -> Markup:
    return tag("form", tag("button", text), method="post", action=f"{FORMS}/{path}", class_="inline")


def _alert(form: str, wrong: Wrong | None) -> Markup:
    return tag("p", wrong.reason, role="alert") if wrong and wrong.form == form else Markup()
