"""The authentication server: token endpoint and discovery."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.auth import PREFIX, TokenError
from simulator.errors import ApiError, not_found
from simulator.guard import check_rate, tenant_of

NO_STORE = {"Cache-Control": "no-store"}


async def token(request: Request) -> Response:
    """`POST /tenants/{tenant}/connect/token`."""
    tenant = tenant_of(request)
    tenant.calls["POST /connect/token"] += 1
    _check_tenant(request)
    if tenant.settings.token_status:
        raise ApiError(tenant.settings.token_status, "The token endpoint is out of order")
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    check_rate(tenant, f"token {form.get('client_id')}")
    try:
        text, caller = tenant.tokens.issue(form, tenant.clock())
    except TokenError as error:
        return JSONResponse({"error": str(error)}, 400, NO_STORE)
    granted = {
        "access_token": text,
        "expires_in": int(tenant.tokens.life()),
        "token_type": "Bearer",
        "scope": " ".join(PREFIX + scope for scope in sorted(caller.scopes)),
    }
    return JSONResponse(granted, 200, NO_STORE)


async def discovery(request: Request) -> Response:
    """`GET /tenants/{tenant}/.well-known/openid-configuration`."""
    _check_tenant(request)
    issuer = f"{str(request.base_url).rstrip('/')}/tenants/{request.path_params['tenant']}"
    return JSONResponse(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/connect/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
    )


def _check_tenant(request: Request) -> None:
    if request.path_params["tenant"] != tenant_of(request).settings.tenant:
        raise not_found()
