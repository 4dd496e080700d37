"""One rule of a single value each."""

from __future__ import annotations

import datetime as dt

import pytest


@pytest.mark.parametrize(
    ("where", "wrong", "says"),
    [
        ("public_url", "http://hooks.example.com", "must begin with https://"),
        ("public_url", "hooks.example.com", "is not a web address"),
        ("public_url", "https://", "is not a web address"),
        ("public_url", "https://[half", "is not a web address"),
        ("public_url", "https://host:port", "is not a web address"),
        ("public_url", "https://h.example.com/?a=b", "no user, query or fragment"),
        ("public_url", "https://user:pass@h.example.com", "no user, query or fragment"),
        ("tenants.acme.base_url", "https://acme.myprotime.eu/connector", "must be a host without a path"),
        ("tenants.acme.base_url", "http://acme.myprotime.eu", "must begin with https://"),
        ("tenants.acme.auth_url", "https://auth.example.com/tenants", "must be a host without a path"),
        ("tenants.acme.auth_url", "http://auth.example.com", "must begin with https://"),
        ("tenants.acme.client_id", "", "must not be empty"),
        ("tenants.acme.client_id", 12, "must be a text, but a number was given. Put it in quotes."),
        ("tenants.acme.client_secret", "", "must not be empty"),
        ("tenants.acme.user_agent", "ScheduleSync", "must look like Name/Version (Company)"),
        ("tenants.acme.user_agent", "Schedule/v1 (Café)", "must look like Name/Version (Company)"),
        ("tenants.acme.timezone", "Europe/Nix", "is not a time zone. For example: Europe/Brussels"),
        ("tenants.acme.timezone", "Eurpe/Brussels", 'is not a time zone. Did you mean "Europe/Brussels"?'),
        ("tenants.acme.timezone", "Europe/Brusels", 'is not a time zone. Did you mean "Europe/Brussels"?'),
        ("tenants.acme.timezone", "../../etc/passwd", "is not a time zone"),
        ("tenants.acme.timezone", "Europe", "is not a time zone"),
        ("tenants.acme.timezone", "", "is not a time zone"),
        ("tenants.acme.short_notice_hours", -1, "must be at least 0, but -1 was given"),
        ("tenants.acme.requests_per_minute", 0, "must be more than 0, but 0 was given"),
        ("tenants.acme.webhook_key_names", [], "must not be empty"),
        (
            "tenants.acme.signature.algorithm",
            "sha1",
            'must be "sha256", "sha384" or "sha512", but "sha1" was given',
        ),
        ("tenants.acme.signature.encoding", "base32", 'must be "base64" or "hex", but "base32" was given'),
        ("tenants.acme.signature.key_encoding", "hex", 'must be "utf8" or "base64", but "hex" was given'),
        ("tenants.acme.signature.header", "X Protime", "must be the name of an HTTP header"),
        ("tenants.acme.signature.header", [], "must be a name, or a list of names"),
        ("tenants.acme.collections.assignments.since", "2026-02-30", "is not a day of the calendar"),
        ("tenants.acme.collections.assignments.since", 20260101, "must be a date such as 2026-01-01"),
        ("tenants.acme.collections.assignments.since", dt.datetime(2026, 1, 1), "must be a date such as"),  # noqa: DTZ001
        ("tenants.acme.collections.assignments.fetch", "dleta", 'must be "delta", "resource" or "payload"'),
        ("tenants.acme.collections.assignments.poll_seconds", 0, "must be more than 0"),
        ("tenants.acme.collections.assignments.poll_seconds", 86401, "must be at most 86400"),
        ("tenants.acme.collections.assignments.poll_seconds", float("nan"), "must be a finite number"),
        ("tenants.acme.collections.assignments.reconcile.every_seconds", 0, "must be more than 0"),
        ("tenants.acme.collections.assignments.reconcile.days_back", -1, "must be at least 0"),
        (
            "tenants.acme.collections.assignments.external_references.people",
            5,
            "must be a name, or a list of names",
        ),
        ("store.url", "http://localhost", "must look like redis://host:6379/0"),
        ("store.url", "redis://localhost:port", "must look like redis://host:6379/0"),
        ("store.partitions", 0, "must be at least 1"),
        ("store.partitions", 65, "must be at most 64, but 65 was given"),
        ("store.max_backlog", 0, "must be at least 1"),
        ("store.allow_volatile", "perhaps", 'must be true or false, but "perhaps" was given'),
        ("server.port", "eighty", 'must be a whole number, but "eighty" was given'),
        ("server.port", 65536, "must be at most 65535"),
        ("server.port", True, "must be a number, not true or false"),
        ("server.max_body_bytes", 0, "must be at least 1"),
        ("secret_key", "k" * 31, "must be at least 32 characters. Make one with: openssl rand -base64 32"),
        ("subscriptions.check_seconds", 0, "must be more than 0"),
        ("subscriptions.renew_at", 0.05, "must be at least 0.1"),
        ("subscriptions.renew_at", 0.96, "must be at most 0.95"),
        ("retention.events_days", 0, "must be at least 1"),
        ("retention.raw_days", 0, "must be at least 1"),
        ("retention.dead_letters_days", 0, "must be at least 1"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path_and_what_to_write(case, where, wrong, says):
    problem = case.set(where, wrong).problem()
    assert problem.startswith(f"{where}: ")
    assert says in problem


@pytest.mark.parametrize(
    ("where", "right"),
    [
        ("public_url", "http://127.0.0.1:8080"),
        ("public_url", "http://localhost:8080"),
        ("public_url", "http://[::1]:8080"),
        ("public_url", "https://example.com/shiftwire"),
        ("tenants.acme.base_url", "http://127.0.0.1:5000"),
        ("tenants.acme.auth_url", "http://localhost:5001"),
        ("store.url", "rediss://user:p%2Fw@redis.example.com:6380/1"),
        ("store.url", "unix:///run/redis.sock?db=0"),
        ("tenants.acme.signature.algorithm", "sha384"),
        ("tenants.acme.collections.assignments.since", dt.date(2026, 1, 1)),
        ("tenants.acme.collections.assignments.poll_seconds", 0.5),
        ("subscriptions.renew_at", 0.95),
        ("store.partitions", 64),
    ],
)
def test_a_value_at_the_edge_of_its_rule_is_taken(case, where, right):
    case.set(where, right).config()


@pytest.mark.parametrize("name", ["Acme", "acme corp", "acme_1", "", "ac.me"])
def test_a_tenants_name_is_of_lower_case_letters_digits_and_hyphens(case, name):
    tenant = case.data["tenants"].pop("acme")
    case.data["tenants"][name] = tenant
    assert "a tenant's name may have a-z, 0-9 and - only" in case.problem()


@pytest.mark.parametrize("name", ["a b", "a.b", "", "é"])
def test_a_sinks_name_is_of_letters_digits_hyphens_and_underscores(case, name):
    case.data["sinks"] = {name: {"type": "console"}}
    assert "a sink's name may have letters, digits, _ and - only" in case.problem()


@pytest.mark.parametrize("token", ["short", "x" * 15, "x" * 16 + "/", "x" * 16 + " ", ""])
def test_a_webhook_token_is_of_at_least_16_url_safe_characters(case, token):
    case.set("tenants.acme.collections.assignments.webhook", {"token": token, "keys": ["k"]})
    assert "webhook.token: must be at least 16 characters" in case.problem()


@pytest.mark.parametrize("keys", [[], [""]])
def test_a_manual_webhook_has_keys(case, keys):
    case.set("tenants.acme.collections.assignments.webhook", {"token": "x" * 16, "keys": keys})
    assert "must not be empty" in case.problem()


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter/2@real:6379/0",
        "redis://:6379/unter2@real:6379/0",
        "rediss://me:hunter#2@real/0",
        "redis://:hunter?2@real:6379/0",
        "redis://:hun@ter2@real:6379/0",
        "redis://real:6379/0#hunter2",
    ],
)
def test_a_password_that_makes_another_address_of_the_store_is_refused_with_what_to_write(case, url):
    problem = case.set("store.url", url).problem()
    assert problem.startswith("store.url: has a password (or a user name) that ends the address early.")
    assert "%2F for /" in problem
    assert "unter" not in problem


@pytest.mark.parametrize(
    "url",
    ["redis://:hunter%2F%40%23%3F2@h:6379/0", "redis://h:6379?db=1", "unix:///run/a@b/redis.sock?db=1", ""],
)
def test_a_store_whose_address_is_unambiguous_is_taken(case, url):
    assert case.set("store.url", url).config().store.url == url
