from __future__ import annotations

import datetime as dt

import pytest

from workers.config import ConfigError, load
from workers.config.yaml_file import read

DESIGN = """
public_url: https://hooks.example.com
secret_key: ${SHIFTWIRE_SECRET_KEY}          # encrypts webhook keys at rest, ${UNSET}
store: { url: redis://localhost:6379/0, allow_volatile: false }
server: { host: 0.0.0.0, port: 8080, max_body_bytes: 1048576 }
admin_tokens: { operator: ${OPERATOR_TOKEN}, viewer: ${VIEWER_TOKEN:-a, b, and some more} }
tenants:
  acme:
    base_url: https://acme.myprotime.eu
    auth_url: https://authentication.myprotime.eu
    client_id: ${ACME_CLIENT_ID}
    client_secret: ${ACME_CLIENT_SECRET}
    user_agent: "ScheduleSync/v1 (Acme Corp)"
    timezone: Europe/Brussels
    short_notice_hours: 168
    signature: { header: X-Protime-Signature, algorithm: sha256, encoding: base64 }
    collections:
      assignments: { since: 2026-01-01, fetch: delta, external_references: { people: "@employee-number" },
                     poll_seconds: 60, reconcile: { every_seconds: 3600, days_back: 7, days_ahead: 60 } }
      clockings:   { since: 2026-01-01 }
sinks:
  planning: { type: webhook, url: https://example.com/in, secret: ${SINK_SECRET}, batch: 100,
              filter: { collections: [assignments], meaning: [rescheduled, cancelled], short_notice: true },
              retry: { max_attempts: 20, min_seconds: 1, max_seconds: 600, max_age_seconds: 86400 },
              timeout_seconds: 15, allow_private_addresses: false }
  archive:  { type: file, path: ./events }
subscriptions: { manage: true, check_seconds: 300, renew_at: 0.8 }
"""
ENVIRON = {
    "SHIFTWIRE_SECRET_KEY": "k" * 44,
    "OPERATOR_TOKEN": "operator: {x}, of us",
    "ACME_CLIENT_ID": "42",
    "ACME_CLIENT_SECRET": "- [",
    "SINK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "shiftwire.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def problem_of(path, environ=None):
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {}, today=dt.date(2026, 3, 9))
    (one,) = caught.value.problems
    return one.removeprefix(f"{path}: ")


def test_the_documented_example_is_a_configuration(file):
    config = load(file(DESIGN), ENVIRON, today=dt.date(2026, 3, 9))
    assert config.tenants["acme"].client_id == "42"
    assert config.tenants["acme"].client_secret.get_secret_value() == "- ["
    assert config.admin_tokens.operator is not None
    assert config.admin_tokens.operator.get_secret_value() == "operator: {x}, of us"
    assert config.admin_tokens.viewer is not None
    assert config.admin_tokens.viewer.get_secret_value() == "a, b, and some more"
    assert list(config.sinks) == ["planning", "archive"]


@pytest.mark.parametrize(
    "text",
    [
        "a: ${X}",
        "a: '${X}'",
        'a: "${X}"',
        "{ a: ${X} }",
        "{ a: '${X}', b: [${X}] }",
        "a: |-\n  ${X}",
        "${X}: ${X}",
    ],
)
def test_an_expression_needs_no_quotes_anywhere(file, text):
    assert "${X}" in str(read(file(text)))


def test_neighbouring_expressions_stay_apart(file):
    assert read(file("{ a: ${A}${B:-} }")) == {"a": "${A}${B:-}"}
    assert read(file("a: $${C}")) == {"a": "$${C}"}


def test_a_missing_file_is_named(tmp_path):
    assert "there is no such file" in problem_of(tmp_path / "absent.yaml")


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    assert "cannot be read (Is a directory)" in problem_of(tmp_path)


def test_an_empty_file_is_a_mistake(file):
    assert problem_of(file("# nothing\n")) == "is empty. Start with `tenants:`."


def test_a_file_without_keys_is_a_mistake(file):
    assert problem_of(file("- a\n")) == "must hold keys and values. Start with `tenants:`."


def test_a_syntax_error_has_line_and_column(file):
    problem = problem_of(file("store: { url: x\nserver: {}\n"))
    assert problem.startswith("line 2, column 7: is not YAML: ")


def test_columns_are_those_of_the_file_behind_expressions(file):
    assert problem_of(file("a: [${LONG_NAME}, @x]")).startswith("line 1, column 19: ")


def test_a_sign_that_needs_quotes_says_so(file):
    assert problem_of(file("a: @employee-number")).endswith("Put the value in quotes.")


@pytest.mark.parametrize(
    "text", ["a: *hunter2", "a: !hunter2 x", "a: &hunter2", 'a: "\\hunter2"', "a: [hunter2", "%hunter2"]
)
def test_a_syntax_error_does_not_quote_the_file(file, text):
    with pytest.raises(ConfigError) as caught:
        load(file(text), {})
    assert "hunter2" not in str(caught.value)


def test_duplicate_keys_are_refused_with_their_lines(file):
    with pytest.raises(ConfigError) as caught:
        read(file("a: 1\nb: { c: 1, c: 2 }\na: 2\n"))
    assert [problem.partition(".yaml: ")[2] for problem in caught.value.problems] == [
        'line 2: the key "c" stands twice, first in line 2. Remove one.',
        'line 3: the key "a" stands twice, first in line 1. Remove one.',
    ]


def test_a_merge_key_may_be_overridden(file):
    merged = "x: &x { a: 1 }\ny: &y { <<: *x, a: 2 }\nz: { <<: *y, a: 3 }\n"
    assert read(file(merged)) == {"x": {"a": 1}, "y": {"a": 2}, "z": {"a": 3}}


@pytest.mark.parametrize("text", ["a: 2026-02-30", "a: 2026-01-01T25:00:00Z"])
def test_a_day_that_does_not_exist_is_a_mistake(file, text):
    assert "a date or number that does not exist" in problem_of(file(text))


def test_only_plain_data_is_read(file):
    assert "is not YAML" in problem_of(file("a: !!python/object/apply:os.system [echo]"))


def test_a_file_in_another_encoding_is_a_mistake(file):
    assert problem_of(file("a: café".encode("latin-1"))) == "is not UTF-8 text. Save it as UTF-8."


def test_a_byte_order_mark_is_no_mistake(file):
    assert read(file(b"\xef\xbb\xbfa: 1")) == {"a": 1}


def test_an_unprintable_character_is_a_mistake_with_its_line(file):
    assert problem_of(file("a: 1\nb: \x07\n")).startswith("line 2: holds a character")


def test_a_file_that_holds_itself_is_refused(file):
    with pytest.raises(ConfigError):
        load(file("store: &a { url: *a }"), {})


def test_endless_nesting_is_refused(file):
    assert problem_of(file("[" * 5000)) == "is nested too deeply."
