"""How the configuration of a tenant looks to normalization."""

from __future__ import annotations

from pydantic import SecretStr

from workers.changes import PEOPLE_FIELDS, Fingerprints, TenantView
from workers.config import Tenant


def tenant_view(tenant: Tenant, secret_key: SecretStr | None) -> TenantView:
    """Without a `secret_key`, changes of a person's hidden fields are not told."""
    people = tenant.collections.get("people")
    return TenantView(
        timezone=tenant.zone,
        short_notice_hours=tenant.short_notice_hours,
        people_fields=people.allowed_people_fields if people else PEOPLE_FIELDS,
        fingerprints=Fingerprints(secret_key.get_secret_value()) if secret_key else None,
    )
