from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError


def test_what_is_left_out_has_the_documented_default(case):
    config = case.config()
    assert config.store.model_dump() == {
        "url": "",
        "allow_volatile": False,
        "data_dir": "./shiftwire-data",
        "partitions": 8,
        "max_backlog": 200_000,
    }
    assert config.server.model_dump() == {
        "host": "0.0.0.0",
        "port": 8080,
        "max_body_bytes": 1_048_576,
        "max_bodies_bytes": 64 * 1024 * 1024,
    }
    assert config.admin_tokens.model_dump() == {"operator": None, "viewer": None}
    assert config.subscriptions.model_dump() == {"manage": True, "check_seconds": 300, "renew_at": 0.8}
    assert config.retention.model_dump() == {
        "events_days": 30,
        "raw_days": 7,
        "dead_letters_days": 90,
        "own_writes_hours": 24,
    }
    assert config.sinks == {}


def test_a_tenant_has_the_documented_defaults(case):
    tenant = case.config().tenants["acme"]
    assert tenant.base_url == "https://acme.myprotime.eu"
    assert tenant.auth_url == "https://authentication.myprotime.eu"
    assert tenant.timezone == "Europe/Brussels"
    assert tenant.short_notice_hours == 168
    assert tenant.requests_per_minute == 600
    assert tenant.signature.model_dump() == {
        "header": "X-Protime-Signature",
        "algorithm": "sha256",
        "encoding": "base64",
        "key_encoding": "utf8",
    }
    assert tenant.webhook_key_names == [
        "key",
        "privateKey",
        "webhookKey",
        "privateWebhookKey",
        "privateWebHookKey",
        "secret",
    ]


def test_a_collection_has_the_documented_defaults(case):
    collection = (
        case.set("tenants.acme.collections.people", {}).config().tenants["acme"].collections["people"]
    )
    assert (collection.since, collection.fetch, collection.poll_seconds) == (None, "delta", 60)
    assert (collection.external_references, collection.reconcile, collection.webhook) == ({}, None, None)


def test_a_reconcile_section_needs_no_keys(case):
    collections = (
        case.set("tenants.acme.collections.assignments.reconcile", {}).config().tenants["acme"].collections
    )
    reconcile = collections["assignments"].reconcile
    assert reconcile is not None
    assert reconcile.model_dump() == {"every_seconds": 3600, "days_back": 7, "days_ahead": 60}


def test_since_is_a_date(case):
    assert case.config().tenants["acme"].collections["assignments"].since == dt.date(2026, 1, 1)


def test_zone_is_the_tenants_time_zone(case):
    tenant = case.set("tenants.acme.timezone", "Europe/Amsterdam").config().tenants["acme"]
    assert tenant.zone == ZoneInfo("Europe/Amsterdam")


def test_reference_pairs_keep_the_order_written(case):
    written = {"people": ["@employee-number", "badge"], "activity-definitions": "@data-entry-code"}
    case.set("tenants.acme.collections.assignments.external_references", written)
    assert case.config().tenants["acme"].collections["assignments"].reference_pairs == [
        ("people", "@employee-number"),
        ("people", "badge"),
        ("activity-definitions", "@data-entry-code"),
    ]


def test_one_signature_header_or_several(case):
    assert case.config().tenants["acme"].signature.headers == ["X-Protime-Signature"]
    case.set("tenants.acme.signature.header", ["X-One", "X-Two"])
    assert case.config().tenants["acme"].signature.headers == ["X-One", "X-Two"]


def test_a_configuration_cannot_be_changed(case):
    config = case.config()
    with pytest.raises(ValidationError, match="frozen"):
        config.public_url = "https://other.example.com"


def test_an_empty_admin_token_is_no_token(case):
    assert case.set("admin_tokens.viewer", "").config().admin_tokens.viewer is None


def test_a_trailing_slash_is_taken_off(case):
    config = (
        case.set("public_url", "https://h.example.com/")
        .set("tenants.acme.base_url", "https://x.eu/")
        .config()
    )
    assert (config.public_url, config.tenants["acme"].base_url) == ("https://h.example.com", "https://x.eu")


def test_a_number_may_be_written_as_a_text(case):
    assert case.set("server.port", "9090").config().server.port == 9090


def test_parse_does_not_change_what_it_is_given(case):
    before = repr(case.data)
    case.config()
    assert repr(case.data) == before
