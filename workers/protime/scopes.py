"""OAuth scopes: exactly what somebody needs (protime-api §2.3)."""

from __future__ import annotations

from collections.abc import Iterable

from workers.protime.collections import COLLECTIONS

_PREFIX = "connector-protimeapi-"


def scopes_for(
    collections: Iterable[str], manage_webhooks: bool = False, writes: Iterable[str] = ()
) -> tuple[str, ...]:
    """The scopes to read `collections`, to write `writes`, and to manage webhooks of them; sorted, none twice.

    Raises ValueError for a collection that does not exist or has no write scope.
    """
    wanted = {f"{_PREFIX}{_scope(name)}.read" for name in collections}
    wanted |= {f"{_PREFIX}{_writable(name)}.write" for name in writes}
    if manage_webhooks:
        # Pages disagree on which scope creates one; all are asked for, as in the vendor's tutorial.
        wanted |= {f"{_PREFIX}webhooks.read", f"{_PREFIX}webhooks.write"}
    return tuple(sorted(wanted))


def _scope(name: str) -> str:
    if name not in COLLECTIONS:
        raise ValueError(f"{name!r} is not a collection of the Protime API")
    return COLLECTIONS[name].scope or name


def _writable(name: str) -> str:
    scope = _scope(name)
    if not COLLECTIONS[name].writable:
        raise ValueError(f"{name!r} is read-only in the Protime API: it has no write scope")
    return scope
