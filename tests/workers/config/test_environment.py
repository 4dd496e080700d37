from __future__ import annotations

import pytest

from workers.config.environment import expand


def expanded(text, **environ):
    result = expand({"key": text}, environ)
    assert not result.problems
    return result.data["key"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${NAME}", "value"),
        ("a ${NAME} b ${NAME}", "a value b value"),
        ("${NAME:-other}", "value"),
        ("${ABSENT:-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${EMPTY}", ""),
        ("${ABSENT:-}", ""),
        ("${ABSENT:-redis://h:1/0}", "redis://h:1/0"),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("pa$word", "pa$word"),
        ("$NAME", "$NAME"),
        ("$$$${NAME}", "$${NAME}"),
        ("$$${NAME}", "$value"),
    ],
)
def test_expansion(text, value):
    assert expanded(text, NAME="value", EMPTY="") == value


def test_a_value_is_not_expanded_again():
    assert expanded("${NAME}", NAME="${OTHER} $$") == "${OTHER} $$"


def test_a_value_cannot_add_keys():
    assert expanded("${NAME}", NAME="a\nadmin_tokens: {operator: x}") == "a\nadmin_tokens: {operator: x}"


def test_keys_are_not_expanded():
    assert expand({"${NAME}": 1}, {"NAME": "x"}).data == {"${NAME}": 1}


def test_entries_of_lists_are_expanded():
    assert expand(["${NAME}", {"a": "${NAME}"}], {"NAME": "x"}).data == ["x", {"a": "x"}]


def test_an_unset_variable_is_a_mistake_with_path_and_name(case):
    case.set("tenants.acme.user_agent", "${ACME_AGENT}")
    assert case.problem(environ={}) == (
        "tenants.acme.user_agent: environment variable ACME_AGENT is not set. "
        "Set it, or write ${ACME_AGENT:-default}."
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("secret_key", "SHIFTWIRE_KEY"),
        ("tenants.acme.client_secret", "ACME"),
        ("tenants.acme.client_id", "ACME_PASSWORD"),
    ],
)
def test_nobody_is_advised_to_write_a_secret_into_the_file(case, path, name):
    case.set(path, f"${{{name}}}")
    assert case.problem(environ={}) == f"{path}: environment variable {name} is not set. Set it."


@pytest.mark.parametrize("text", ["${", "${}", "${A B}", "${1A}", "${A-b}", "x${A"])
def test_a_malformed_expression_is_a_mistake(case, text):
    assert "has a malformed ${…}" in case.set("server.host", text).problem(environ={})


def test_what_could_not_be_expanded_is_reported_once(case):
    case.set("server.port", "${PORT}").set("secret_key", "${KEY}").set(
        "tenants.acme.webhook_key_names", ["${NAME}"]
    )
    case.set("tenants.acme.collections.assignments.external_references", {"people": ["${REFERENCE}"]})
    assert len(case.problems(environ={})) == 4


def test_an_unset_variable_under_an_unknown_key_hides_neither(case):
    assert len(case.set("secrt_key", "${KEY}").problems(environ={})) == 2


def test_a_number_from_the_environment_is_a_number(case):
    config = (
        case.set("server.port", "${PORT}")
        .set("store.allow_volatile", "${V}")
        .config(environ={"PORT": "9", "V": "1"})
    )
    assert (config.server.port, config.store.allow_volatile) == (9, True)


def test_a_wrong_value_from_the_environment_is_not_shown(case):
    case.set("server.port", "${PORT}").set("tenants.acme.collections.assignments.fetch", "${FETCH}")
    problems = case.problems(environ={"PORT": "hunter2", "FETCH": "hunter3"})
    assert len(problems) == 2
    assert "hunter" not in " ".join(problems)


def test_a_default_in_the_file_may_be_shown(case):
    assert '"eighty"' in case.set("server.port", "${PORT:-eighty}").problem(environ={})


def test_without_an_environment_texts_stay_as_they_are(case):
    assert case.set("server.host", "${HOST}").config().server.host == "${HOST}"
