"""One rule over several values each."""

from __future__ import annotations

import pytest

from workers.collections import WEBHOOK_COLLECTIONS

ASSIGNMENTS = "tenants.acme.collections.assignments"


def test_there_is_at_least_one_tenant(case):
    assert case.set("tenants", {}).problem() == "tenants: must not be empty."
    assert "tenants: is missing. Add at least one Protime tenant" in case.drop("tenants").problem()


def test_a_tenant_has_at_least_one_collection(case):
    assert (
        case.set("tenants.acme.collections", {}).problem() == "tenants.acme.collections: must not be empty."
    )


def test_a_collection_is_one_of_those_with_webhooks(case):
    problem = case.set("tenants.acme.collections.asignments", {}).problem()
    assert problem == 'tenants.acme.collections.asignments: unknown collection. Did you mean "assignments"?'


@pytest.mark.parametrize("collection", WEBHOOK_COLLECTIONS)
def test_every_collection_can_be_read_by_delta(case, collection):
    case.set("tenants.acme.collections", {collection: {"since": "2026-01-01", "fetch": "delta"}}).config()


def test_a_secret_key_is_required_to_manage_subscriptions(case):
    assert (
        case.drop("secret_key")
        .problem()
        .startswith("secret_key: is required when subscriptions.manage is true")
    )
    assert "openssl rand -base64 32" in case.set("secret_key", "").problem()


def test_a_public_url_is_required_to_manage_subscriptions(case):
    assert (
        case.drop("public_url")
        .problem()
        .startswith("public_url: is required when subscriptions.manage is true")
    )


def test_the_token_of_a_viewer_is_not_that_of_the_operator(case):
    case.set("admin_tokens", {"operator": "the-same-for-both", "viewer": "the-same-for-both"})
    problem = case.problem()
    assert problem.startswith("admin_tokens.viewer: must not be the token of the operator")
    assert "the-same-for-both" not in problem
    case.set("admin_tokens.viewer", "another-for-viewers").config()
    case.set("admin_tokens", {"operator": "", "viewer": ""}).config()


def test_without_management_every_collection_names_its_webhook(case):
    case.set("subscriptions.manage", False).set("tenants.acme.collections.people", {})
    assert [problem.split(":")[0] for problem in case.problems()] == [
        "tenants.acme.collections.assignments.webhook",
        "tenants.acme.collections.people.webhook",
    ]


def test_without_management_neither_secret_key_nor_public_url_is_needed(case):
    case.set("subscriptions.manage", "false").drop("secret_key").drop("public_url")
    case.set(f"{ASSIGNMENTS}.webhook", {"token": "x" * 16, "keys": ["old", "new"]}).config()


def test_a_dated_collection_needs_since_for_its_delta(case):
    problem = case.set(ASSIGNMENTS, {}).problem()
    assert problem == f"{ASSIGNMENTS}.since: is required with fetch: delta. Write a date from 2025-01-01 on."


@pytest.mark.parametrize("fetch", ["resource", "payload"])
def test_without_delta_as_the_way_to_fetch_since_may_be_left_out(case, fetch):
    case.set(ASSIGNMENTS, {"fetch": fetch}).config()


def test_an_undated_collection_needs_no_since(case):
    case.set("tenants.acme.collections", {"people": {}}).config()


@pytest.mark.parametrize("fetch", ["delta", "payload"])
def test_a_since_of_another_age_is_a_slip_of_the_pen(case, fetch):
    case.set(f"{ASSIGNMENTS}.fetch", fetch)
    assert "Write 2025-01-01 or later." in case.set(f"{ASSIGNMENTS}.since", "0206-01-01").problem()
    assert "Write 2025-01-01 or later." in case.set(f"{ASSIGNMENTS}.since", "1999-12-31").problem()


def test_without_a_delta_since_may_lie_further_back(case):
    case.set(ASSIGNMENTS, {"fetch": "resource", "since": "2020-01-01"}).config()


def test_since_is_not_in_the_future(case):
    assert (
        "is in the future. Write a date up to 2026-03-09."
        in case.set(f"{ASSIGNMENTS}.since", "2026-03-10").problem()
    )
    case.set(f"{ASSIGNMENTS}.since", "2026-03-09").config()


@pytest.mark.parametrize(
    ("collection", "references", "says"),
    [
        (
            "assignments",
            {"terminals": "@external-code"},
            "assignments cannot carry references of this collection",
        ),
        ("assignments", {"peple": "@employee-number"}, 'Did you mean "people"?'),
        ("assignments", {"people": "@employe-number"}, 'Did you mean "@employee-number"?'),
        ("assignments", {"people": ["@employee-number", "@x"]}, "Possible: @badge-number, @employee-number."),
        ("absence-definitions", {"absence-groups": "@code"}, "It has custom names only"),
        ("assignments", {"people": "my(code"}, "is not the name of a reference"),
        (
            "shift-definitions",
            {"people": "@employee-number"},
            "shift-definitions cannot carry external references",
        ),
    ],
)
def test_external_references_are_those_of_the_collection(case, collection, references, says):
    case.set(
        "tenants.acme.collections", {collection: {"since": "2026-01-01", "external_references": references}}
    )
    problem = case.problem()
    assert problem.startswith(f"tenants.acme.collections.{collection}.external_references.")
    assert says in problem


@pytest.mark.parametrize(
    ("collection", "references"),
    [
        ("assignments", {"people": "payroll-number"}),
        ("clockings", {"terminals": "@external-code", "people": ["@badge-number", "payroll"]}),
        ("counter-definitions", {"counter-definitions": "@counter-code", "counter-groups": "own"}),
        ("absences", {"people": "@employee-number"}),
    ],
)
def test_predefined_names_and_custom_names_are_taken(case, collection, references):
    case.set(
        "tenants.acme.collections", {collection: {"since": "2026-01-01", "external_references": references}}
    )
    case.config()


def test_manual_keys_are_base64_when_the_signature_says_so(case):
    case.set("tenants.acme.signature.key_encoding", "base64")
    case.set(f"{ASSIGNMENTS}.webhook", {"token": "x" * 16, "keys": ["aGVsbG8=", "not base64"]})
    assert case.problem().startswith(f"{ASSIGNMENTS}.webhook.keys[1]: is not base64")


def test_a_sink_filters_on_tenants_that_exist(case):
    case.set("sinks.out", {"type": "console", "filter": {"tenants": ["acme", "acne"]}})
    assert case.problem() == 'sinks.out.filter.tenants[1]: there is no such tenant. Did you mean "acme"?'


@pytest.mark.parametrize("collection", ["absences", "clockings"])
def test_a_comparison_spans_at_most_the_year_that_protime_lists(case, collection):
    def comparing(**days):
        settings = {"since": "2026-01-01", "reconcile": days}
        return case.set("tenants.acme.collections", {collection: settings})

    comparing(days_back=183, days_ahead=183).config()
    comparing(days_back=306).config()
    for days in ({"days_back": 184, "days_ahead": 183}, {"days_back": 307}):
        assert comparing(**days).problem() == (
            f"tenants.acme.collections.{collection}.reconcile: days_back and days_ahead are 367 days together, and "
            f"Protime lists {collection} of at most 366. Lower one of them."
        )


def test_a_comparison_of_a_collection_without_such_a_limit_may_span_more(case):
    case.set(f"{ASSIGNMENTS}.reconcile", {"days_back": 366, "days_ahead": 366}).config()
