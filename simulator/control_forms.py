"""`/control` and the forms on it: a right one leads back to the page, a wrong one changes nothing and says why (400)."""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from simulator import operations
from simulator.control_page import Wrong, page
from simulator.errors import ApiError, not_found
from simulator.generation import GENERATED, Order, generate
from simulator.guard import tenant_of
from simulator.switches import groups
from simulator.tenant import Tenant

Form = dict[str, str]


async def show(request: Request) -> Response:
    return HTMLResponse(page(tenant_of(request)))


async def settings(request: Request) -> Response:
    """The switches of one group, all of them."""
    tenant, name = tenant_of(request), request.path_params["group"]
    group = groups().get(name)
    if group is None:
        raise not_found()
    form = await _form(request)
    changes = {}
    for switch in group.switches:
        try:
            changes[switch.name] = switch.read(form.get(switch.name))
        except ValueError:
            typed = form.get(switch.name, "")
            return _again(tenant, Wrong(name, f"{switch.name}: {typed!r} is not a {switch.kind}", form))
    try:
        operations.change_settings(tenant, changes)
    except ApiError as error:
        return _again(tenant, Wrong(name, "; ".join(error.reasons), form))
    return _back(name)


async def make_changes(request: Request) -> Response:
    tenant, form = tenant_of(request), await _form(request)
    try:
        order = msgspec.convert({name: text for name, text in form.items() if text}, Order, strict=False)
    except msgspec.ValidationError as error:
        return _again(tenant, Wrong("generate", str(error), form))
    if order.collection not in GENERATED:
        return _again(tenant, Wrong("generate", f"{order.collection} cannot be generated", form))
    await generate(tenant, order)
    return _back("counts")


async def act(request: Request) -> Response:
    tenant, action = tenant_of(request), request.path_params["action"]
    if action == "revoke-tokens":
        tenant.tokens.revoke()
    elif action == "expire-deltas":
        operations.expire_deltas(tenant)
    elif action == "expire-paging-tokens":
        operations.expire_paging_tokens(tenant)
    elif action == "reset":
        await tenant.reset()
    else:
        raise not_found()
    return _back()


async def act_on_webhook(request: Request) -> Response:
    tenant, path = tenant_of(request), request.path_params
    try:
        operations.act_on_webhook(tenant, path["id"], path["action"])
    except ApiError as error:
        return _again(tenant, Wrong("webhooks", error.message))
    return _back("webhooks")


async def expire_delta(request: Request) -> Response:
    tenant = tenant_of(request)
    try:
        operations.expire_deltas(tenant, request.path_params["id"])
    except ApiError:
        return _again(tenant, Wrong("deltas", "This delta is not active any more"))
    return _back("deltas")


async def _form(request: Request) -> Form:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _back(anchor: str = "") -> Response:
    return RedirectResponse("/control" + (f"#{anchor}" if anchor else ""), 303)


def _again(tenant: Tenant, wrong: Wrong) -> Response:
    return HTMLResponse(page(tenant, wrong), 400)
