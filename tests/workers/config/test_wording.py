from __future__ import annotations

import pytest

from workers.config import ConfigError


def test_all_mistakes_are_reported_at_once(case):
    case.set("publc_url", "x").drop("secret_key").set("server.port", "x").set(
        "tenants.acme.collections.asignments", {}
    )
    case.set("sinks.out", {"type": "console", "filter": {"tenants": ["other"]}, "batch": 0})
    assert {problem.split(":")[0] for problem in case.problems()} == {
        "publc_url",
        "secret_key",
        "server.port",
        "tenants.acme.collections.asignments",
        "sinks.out.filter.tenants[0]",
        "sinks.out.batch",
    }


def test_an_unknown_key_gets_the_nearest_known_one_suggested(case):
    assert case.set("publc_url", "x").problem() == 'publc_url: unknown key. Did you mean "public_url"?'
    assert case.drop("publc_url").set("tenants.acme.clientid", "x").problem() == (
        'tenants.acme.clientid: unknown key. Did you mean "client_id"?'
    )


def test_an_unknown_key_like_none_gets_all_known_ones(case):
    assert case.set("store.zzz", 1).problem() == (
        "store.zzz: unknown key. Known here: url, allow_volatile, data_dir, partitions, max_backlog."
    )


def test_an_unknown_key_in_an_optional_section_is_found_too(case):
    where = "tenants.acme.collections.assignments.reconcile.day_back"
    assert case.set(where, 1).problem() == f'{where}: unknown key. Did you mean "days_back"?'


def test_a_missing_key_says_what_it_is(case):
    assert case.drop("tenants.acme.client_id").problem() == (
        "tenants.acme.client_id: is missing. Add the client id that Protime issued."
    )


def test_a_value_where_a_section_belongs_is_said_by_its_kind(case):
    assert case.set("store", "redis://x").problem() == (
        "store: must be a mapping (keys and values), but a text was given."
    )
    assert (
        case.set("store", None).problem()
        == "store: must be a mapping (keys and values), but nothing was given."
    )
    assert (
        case.set("store", []).problem() == "store: must be a mapping (keys and values), but a list was given."
    )


def test_a_key_with_other_signs_stands_in_quotes(case):
    problem = case.set("tenants.acme.collections", {"a b\nc": {}}).problem()
    assert problem.startswith(r"tenants.acme.collections.'a b\nc': unknown collection.")


def test_a_key_that_is_not_a_text_is_a_mistake(case):
    case.data["tenants"][5] = {}
    case.data["server"] = {True: 1}
    assert case.problems() == [
        "tenants: has a key that is not a text. Put the key in quotes.",
        "server: has a key that is true or false to YAML (yes, no, on, off). Put the key in quotes.",
    ]


def test_a_number_beyond_reason_is_not_written_out(case):
    assert "a number beyond reason" in case.set("server.port", 10**5000).problem()


def test_what_is_nested_too_deeply_is_refused(case):
    deep: dict[str, object] = {}
    deep["again"] = deep
    case.set("store", deep)
    assert "store.again.again: is nested too deeply." in case.problems()


def test_the_error_reads_as_one_line_for_each_mistake():
    assert str(ConfigError(["one", "two"])) == "one\ntwo"


PLACES = ["public_url", "store", "server.port", "tenants.acme", "tenants.acme.collections", "sinks.x"]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("wrong", [None, 5, "x", [], {"x": 1}, True, 1.5])
def test_no_finding_speaks_of_the_library_behind(case, where, wrong):
    text = str(case.set(where, wrong).problems_if_any())
    for word in ("Input", "pydantic", "validat", "dict", "str ", "Value error", "type="):
        assert word not in text
