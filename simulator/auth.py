"""Client credentials (RFC 6749 §4.4): the token endpoint's decisions, and the tokens it gave out."""

from __future__ import annotations

import base64
import hmac
import random
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from simulator.collections.table import SCOPES
from simulator.settings import Settings

PREFIX = "connector-protimeapi-"


class TokenError(Exception):
    """An error of RFC 6749 §5.2; the argument is its code, such as `invalid_client`."""


@dataclass(frozen=True)
class Caller:
    """Who calls. Scopes come without their prefix: `assignments.read`."""

    client: str
    scopes: frozenset[str]
    expires_at: float


class Tokens:
    """Tokens look like JWTs and are opaque: the simulator knows those it gave out."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._known: dict[str, Caller] = {}
        self._random = random.Random(f"tokens {settings.seed}")

    def issue(self, form: Mapping[str, str], now: float) -> tuple[str, Caller]:
        """Return a new token and what it allows. Raises TokenError."""
        if form.get("grant_type") != "client_credentials":
            raise TokenError("unsupported_grant_type")
        self._check_client(form)
        caller = Caller(form["client_id"], self._granted(form.get("scope", "")), now + self.life())
        token = self._jwt(caller)
        self._known[token] = caller
        return token, caller

    def life(self) -> float:
        """Real seconds that a token given out now lives; once given out, it keeps what was said of it."""
        factor = self.settings.time_factor if self.settings.tokens_follow_time else 1.0
        return self.settings.token_life_seconds / factor

    def caller(self, token: str, now: float) -> Caller | None:
        """Return who owns the token; None when it is unknown or expired."""
        known = self._known.get(token)
        return known if known and now < known.expires_at else None

    def revoke(self) -> int:
        count = len(self._known)
        self._known.clear()
        return count

    def _check_client(self, form: Mapping[str, str]) -> None:
        right_client = form.get("client_id") == self.settings.client_id
        given, secret = form.get("client_secret", ""), self.settings.client_secret
        if not right_client or not hmac.compare_digest(given.encode(), secret.encode()):
            raise TokenError("invalid_client")

    def _granted(self, text: str) -> frozenset[str]:
        """No scope asked for: all that the client may have, as IdentityServer does."""
        allowed = (
            SCOPES if self.settings.scopes is None else {s.removeprefix(PREFIX) for s in self.settings.scopes}
        )
        asked = text.split()
        if any(not scope.startswith(PREFIX) for scope in asked):
            raise TokenError("invalid_scope")
        granted = frozenset(scope.removeprefix(PREFIX) for scope in asked) or frozenset(allowed)
        if not granted <= allowed:
            raise TokenError("invalid_scope")
        return granted

    def _jwt(self, caller: Caller) -> str:
        claims = {
            "iss": f"simulator/tenants/{self.settings.tenant}",
            "client_id": caller.client,
            "exp": int(caller.expires_at),
            "jti": self._random.randbytes(16).hex(),
        }
        parts = (
            msgspec.json.encode({"alg": "RS256", "typ": "at+jwt"}),
            msgspec.json.encode(claims),
            self._random.randbytes(64),
        )
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
