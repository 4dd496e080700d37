from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from tests.workers.protime.tenant import tenants
from tests.workers.protime.tenant.real import RealTenant, real_tenant
from tests.workers.protime.tenant.tenants import Politeness, Start, Tenant
from workers.protime import Pace


@pytest.fixture(scope="session")
def named() -> RealTenant | None:
    return real_tenant(os.environ)


@pytest.fixture(scope="session")
def politeness(named: RealTenant | None) -> Politeness:
    return Politeness(Pace(named.requests_per_minute if named else 1))


@pytest.fixture
def start(request: pytest.FixtureRequest, named: RealTenant | None, politeness: Politeness) -> Start:
    """The simulator, or the real tenant of the environment where the test can run there."""
    if named is None:
        return tenants.simulated
    if reason := named.reason_to_skip(request.node):
        pytest.skip(reason)
    return tenants.real(named, politeness)


@pytest.fixture
async def tenant(start: Start) -> AsyncIterator[Tenant]:
    async with start() as running:
        yield running
