"""What stands before every endpoint of the API: counting, faults, headers, the token and the rate limit."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from simulator.auth import Caller
from simulator.errors import ApiError, ScopeMissing
from simulator.listing import BASE
from simulator.settings import Settings
from simulator.tenant import Tenant

Handler = Callable[[Request, Tenant, Caller], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]
NAMES = ("id", "event", "usage", "name")  # path parameters that a kind of route shows by name


def guarded(handler: Handler) -> Endpoint:
    """Make an endpoint of a handler: it runs only for a caller who may call."""

    async def endpoint(request: Request) -> Response:
        tenant = tenant_of(request)
        tenant.calls[route_kind(request)] += 1
        _check_length(request, tenant.settings)
        await _suffer(tenant)
        try:
            return await handler(request, tenant, _admit(request, tenant))
        except ScopeMissing as error:
            error.status = tenant.settings.missing_scope_status
            raise

    return endpoint


def tenant_of(request: Request) -> Tenant:
    tenant = request.app.state.tenant
    assert isinstance(tenant, Tenant)  # noqa: S101 - Starlette's state has no types
    return tenant


def require(caller: Caller, *scopes: str) -> None:
    """Demand one of `scopes`. Raises ScopeMissing for a valid token without it."""
    if caller.scopes.isdisjoint(scopes):
        raise ScopeMissing(403, f"The scope connector-protimeapi-{scopes[0]} is missing")


def route_kind(request: Request) -> str:
    """`GET /assignments/{id}`: the method and the path with its variable parts named."""
    path = request.url.path.removeprefix(BASE)
    for name in NAMES:
        if name in request.path_params:
            path = path.replace(f"/{request.path_params[name]}", f"/{{{name}}}", 1)
    return f"{request.method} {path}"


def _check_length(request: Request, settings: Settings) -> None:
    length = len(request.scope.get("raw_path", b"").split(b"?")[0]) + 1 + len(request.scope["query_string"])
    if length > settings.max_uri_length:
        raise ApiError(414, f"The URI is longer than {settings.max_uri_length} characters")


async def _suffer(tenant: Tenant) -> None:
    """Apply the faults that are switched on."""
    settings = tenant.settings
    if settings.slow_seconds > 0:
        await asyncio.sleep(settings.slow_seconds)
    if settings.unavailable:
        wait = {"Retry-After": str(settings.retry_after_seconds)}
        raise ApiError(503, "The service is under maintenance", headers=wait, html=settings.html_errors)
    burst = settings.error_burst > 0
    settings.error_burst -= burst
    if burst or (settings.error_rate > 0 and random.random() < settings.error_rate):
        raise ApiError(500, "An internal error occurred", html=settings.html_errors)


def _admit(request: Request, tenant: Tenant) -> Caller:
    if tenant.settings.require_user_agent and not request.headers.get("user-agent"):
        raise ApiError(400, "The User-Agent header is required")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    caller = tenant.tokens.caller(token.strip(), tenant.clock()) if scheme.lower() == "bearer" else None
    if caller is None:
        raise ApiError(401, "The access token is missing or invalid", headers={"WWW-Authenticate": "Bearer"})
    check_rate(tenant, caller.client)
    return caller


def check_rate(tenant: Tenant, client: str) -> None:
    settings = tenant.settings
    wait = tenant.limit.wait(
        client, settings.rate_limit_per_minute, tenant.clock(), settings.rate_limit_window_seconds
    )
    if wait:
        raise ApiError(429, "Too many requests", headers={"Retry-After": str(wait)})
