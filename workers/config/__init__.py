"""The configuration: typed, checked as a whole, every mistake reported at once, secrets never shown."""

from __future__ import annotations

from workers.config.cautions import cautions
from workers.config.loading import load, parse
from workers.config.masking import masked
from workers.config.mistakes import ConfigError
from workers.config.model import AdminTokens, Config, Retention, Server, Store, Subscriptions
from workers.config.schema import config_schema
from workers.config.sink_choice import SinkConfig
from workers.config.tenant import Collection, FetchMode, ManualWebhook, Reconcile, Signature, Tenant

__all__ = [
    "AdminTokens",
    "Collection",
    "Config",
    "ConfigError",
    "FetchMode",
    "ManualWebhook",
    "Reconcile",
    "Retention",
    "Server",
    "Signature",
    "SinkConfig",
    "Store",
    "Subscriptions",
    "Tenant",
    "cautions",
    "config_schema",
    "load",
    "masked",
    "parse",
]
