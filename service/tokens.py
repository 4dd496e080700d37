"""Bearer tokens: who may read, and who may act."""

from __future__ import annotations

import hmac
from enum import IntEnum
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workers.config import AdminTokens

_NO_STORE = {"Cache-Control": "no-store"}
#: A proxy on the same machine makes everybody look local, and says so with one of these.
_OF_A_PROXY = ("forwarded", "x-forwarded-for", "x-real-ip")


class Role(IntEnum):
    """A greater one may do what a smaller one may."""

    VIEWER = 1
    OPERATOR = 2


class Access:
    """Which role a request has. With no token configured, whoever is on this machine is an operator."""

    def __init__(self, tokens: AdminTokens) -> None:
        given = ((Role.OPERATOR, tokens.operator), (Role.VIEWER, tokens.viewer))
        self._tokens = [(role, secret.get_secret_value().encode()) for role, secret in given if secret]

    def refusal(self, request: Request, needed: Role) -> JSONResponse | None:
        """The answer to a request that is not allowed: 401, 403; None for one that is."""
        if not self._tokens:
            if is_local(request):
                return None
            return _refused(403, "no admin token is configured, so this is answered on this machine only")
        role = self._role(request.headers)
        if role is None:
            return _refused(401, "needs Authorization: Bearer with a token of admin_tokens")
        return None if role >= needed else _refused(403, f"needs the token of the {needed.name.lower()}")

    def _role(self, headers: Headers) -> Role | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        sent = token.strip().encode("latin-1")  # as the bytes came
        # All are compared, each in constant time: how long it takes tells nothing.
        fitting = [role for role, known in self._tokens if hmac.compare_digest(sent, known)]
        return max(fitting) if fitting and scheme.lower() == "bearer" else None


class Guard:
    """Middleware of a route: lets through who has the role, and keeps answers out of caches."""

    def __init__(self, app: ASGIApp, access: Access, needed: Role = Role.VIEWER) -> None:
        self._app = app
        self._access = access
        self._needed = needed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._access.refusal(Request(scope), self._needed)
        await (refusal or self._app)(scope, receive, send_private)


def is_local(request: Request) -> bool:
    """Sent from this machine and addressed to it: a page of the web that has its name point here is not."""
    if request.client is None or any(name in request.headers for name in _OF_A_PROXY):
        return False
    return _is_loopback(request.client.host) and _is_loopback(_addressed(request))


def _addressed(request: Request) -> str:
    try:
        return request.url.hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _refused(status: int, error: str) -> JSONResponse:
    challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"error": error}, status_code=status, headers=challenge | _NO_STORE)
