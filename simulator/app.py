"""The simulator's web application: API, authentication and controls on one port."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from simulator import (
    activities_api,
    auth_api,
    control_api,
    control_forms,
    deliveries_api,
    external_references_api,
    histories_api,
    lists_api,
    resources_api,
    usages_api,
    webhooks_api,
)
from simulator.errors import ApiError, hung_up, render
from simulator.guard import guarded
from simulator.listing import BASE
from simulator.posting import Poster
from simulator.settings import Settings
from simulator.tenant import Tenant

ACTIVITIES = BASE + "/activity-structure-versions/{version:int}/levels/{level:int}/activity-definitions"
REFERENCES = BASE + "/external-references/{collection}"

ROUTES = (
    Route("/tenants/{tenant}/connect/token", auth_api.token, methods=["POST"]),
    Route("/tenants/{tenant}/.well-known/openid-configuration", auth_api.discovery),
    Route("/control", control_forms.show),
    Route("/control/forms/settings/{group}", control_forms.settings, methods=["POST"]),
    Route("/control/forms/generate", control_forms.make_changes, methods=["POST"]),
    Route("/control/forms/actions/{action}", control_forms.act, methods=["POST"]),
    Route("/control/forms/webhooks/{id}/{action}", control_forms.act_on_webhook, methods=["POST"]),
    Route("/control/forms/deltas/{id:int}", control_forms.expire_delta, methods=["POST"]),
    Route("/control/settings", control_api.read_settings),
    Route("/control/settings", control_api.change_settings, methods=["PATCH"]),
    Route("/control/stats", control_api.stats),
    Route("/control/state/{collection}", control_api.state),
    Route("/control/deliveries", deliveries_api.deliveries),
    Route("/control/generate", control_api.make_changes, methods=["POST"]),
    Route("/control/records/{collection}", control_api.write_record, methods=["POST"]),
    Route("/control/records/{collection}/{id}", control_api.remove_record, methods=["DELETE"]),
    Route("/control/references/{collection}/{name}", control_api.set_references, methods=["PUT"]),
    Route("/control/webhooks", control_api.read_webhooks),
    Route("/control/webhooks/{id}", control_api.act_on_webhook, methods=["POST"]),
    Route("/control/tokens", control_api.revoke_tokens, methods=["DELETE"]),
    Route("/control/paging-tokens", control_api.expire_paging_tokens, methods=["DELETE"]),
    Route("/control/deltas", control_api.read_deltas),
    Route("/control/deltas", control_api.expire_deltas, methods=["DELETE"]),
    Route("/control/deltas/{id:int}", control_api.expire_deltas, methods=["DELETE"]),
    Route("/control/reset", control_api.reset, methods=["POST"]),
    Route(BASE + "/webhooks", guarded(webhooks_api.read_all)),
    Route(BASE + "/webhooks", guarded(webhooks_api.create), methods=["POST"]),
    Route(BASE + "/webhooks/{id}", guarded(webhooks_api.read)),
    Route(BASE + "/webhooks/{id}", guarded(webhooks_api.delete), methods=["DELETE"]),
    Route(BASE + "/webhooks/{id}/events", guarded(webhooks_api.events)),
    Route(BASE + "/webhooks/{id}/events/{event}", guarded(webhooks_api.event)),
    Route(BASE + "/webhooks/{id}/events/{event}/attempts", guarded(webhooks_api.attempts)),
    Route(BASE + "/delta/{collection}", guarded(lists_api.poll)),
    Route(ACTIVITIES, guarded(activities_api.read_all)),
    Route(ACTIVITIES, guarded(activities_api.create), methods=["POST"]),
    Route(ACTIVITIES + "/{id}", guarded(activities_api.read)),
    Route(ACTIVITIES + "/{id}", guarded(activities_api.update), methods=["PUT"]),
    Route(ACTIVITIES + "/{id}", guarded(activities_api.delete), methods=["DELETE"]),
    Route(ACTIVITIES + "/{id}/usages", guarded(usages_api.read_all)),
    Route(ACTIVITIES + "/{id}/usages", guarded(usages_api.create), methods=["POST"]),
    Route(ACTIVITIES + "/{id}/usages/{usage:int}", guarded(usages_api.delete), methods=["DELETE"]),
    Route(ACTIVITIES + "/{id}/restrictions", guarded(usages_api.read_restrictions)),
    Route(ACTIVITIES + "/{id}/restrictions", guarded(usages_api.replace_restrictions), methods=["PUT"]),
    Route(REFERENCES, guarded(external_references_api.read_all)),
    Route(REFERENCES + "/{id}", guarded(external_references_api.read)),
    Route(REFERENCES + "/{id}", guarded(external_references_api.replace), methods=["PUT"]),
    Route(REFERENCES + "/{id}", guarded(external_references_api.clear), methods=["DELETE"]),
    Route(REFERENCES + "/{id}/{name}", guarded(external_references_api.read_one)),
    Route(REFERENCES + "/{id}/{name}", guarded(external_references_api.put_one), methods=["PUT"]),
    Route(REFERENCES + "/{id}/{name}", guarded(external_references_api.delete_one), methods=["DELETE"]),
    Route(BASE + "/people/{id}/{category}-histories", guarded(histories_api.read)),
    Route(BASE + "/{collection}", guarded(lists_api.read)),
    Route(BASE + "/{collection}", guarded(resources_api.create), methods=["POST"]),
    Route(BASE + "/{collection}/{id}", guarded(resources_api.read)),
    Route(BASE + "/{collection}/{id}", guarded(resources_api.update), methods=["PUT"]),
    Route(BASE + "/{collection}/{id}", guarded(resources_api.delete), methods=["DELETE"]),
)


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.time,
    poster: Callable[[], Poster] | None = None,
) -> Starlette:
    """Return the application of one tenant, all of it in memory.

    `clock` gives seconds since the epoch; `poster` makes what posts the webhook deliveries (tests mount a receiver).
    Deliveries run while the application's lifespan does.
    """
    tenant = Tenant(settings, clock, poster)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await tenant.start()
        yield
        await tenant.stop()

    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        exception_handlers={ApiError: render, HTTPException: render, ClientDisconnect: hung_up},
    )
    app.state.tenant = tenant
    return app
