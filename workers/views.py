"""How the configuration of a tenant looks to normalization."""

from __future__ import annotations

from workers.changes import TenantView
from workers.config import Tenant


def tenant_view(tenant: Tenant) -> TenantView:
    return TenantView(timezone=tenant.zone, short_notice_hours=tenant.short_notice_hours)
