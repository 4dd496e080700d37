"""Where each delta stands: the newest link, when it was asked, and why it may not be."""

from __future__ import annotations

import msgspec

from workers.store import lives
from workers.store.keys import tenant_key
from workers.store.leases import Lease
from workers.store.scripts import Scripts


class DeltaState(msgspec.Struct):
    """Times are Unix seconds, 0 for never. `failing_since` is 0 while all is well.

    `link` is the bookmark for the next pull; before there is one, `walk` is where the first walk is to go on.
    `superseded` counts how often in a row another client took the delta over, last `superseded_at`. `made_for`: what was
    configured when it was started (`TenantReading.asks`), "" where that was not noted yet. `remade` counts how often in a row
    it was started anew because that was another configuration, last `remade_at`.
    """

    link: str = ""
    walk: str = ""
    asked_at: float = 0.0
    pulled_at: float = 0.0
    failing_since: float = 0.0
    retry_at: float = 0.0
    attempts: int = 0
    error: str = ""
    superseded: int = 0
    superseded_at: float = 0.0
    made_for: str = ""
    remade: int = 0
    remade_at: float = 0.0

    @property
    def known_at(self) -> float:
        """When Protime last told the truth about the collection; since when it does not, if it never did."""
        return self.pulled_at or self.failing_since


_DECODER = msgspec.json.Decoder(DeltaState)


class DeltaStates:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def life(self) -> str:
        """For `put`: asked before anything is appended that the new link lies behind."""
        return await lives.life(self._scripts.redis)

    async def get(self, tenant: str, collection: str) -> DeltaState:
        value = await self._scripts.redis.get(_key(tenant, collection))
        return _DECODER.decode(value) if value else DeltaState()

    async def put(
        self,
        tenant: str,
        collection: str,
        state: DeltaState,
        since: str | None = None,
        lease: Lease | None = None,
    ) -> None:
        """`since`: the life of the store in which it took what lies before the link; raises `SetBack` in another one.

        `lease`: of the lock under which it was pulled; raises `LockLost` when that is not ours any more, for then whoever has
        it may have stored a newer link.
        """
        key, value = _key(tenant, collection), msgspec.json.encode(state)
        await lives.keep(self._scripts, key, value, since or "", lease)


def lock_key(tenant: str, collection: str) -> str:
    return tenant_key(tenant, f"delta:{collection}:lock")


def again_key(tenant: str, collection: str) -> str:
    """Set by whoever asks for a pull while one is under way."""
    return tenant_key(tenant, f"delta:{collection}:again")


def _key(tenant: str, collection: str) -> str:
    return tenant_key(tenant, f"delta:{collection}")
