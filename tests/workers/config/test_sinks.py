from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import pytest
from pydantic import Field, SecretStr, field_validator

from workers.config import masked
from workers.sinks import REGISTRY
from workers.sinks.base import SinkOptions
from workers.sinks.console import ConsoleOptions


class ParrotOptions(SinkOptions):
    """Says in its errors what it should not say."""

    type: Literal["parrot"]
    url: str = ""
    password: SecretStr = SecretStr("")
    names: str | list[str] = Field(default_factory=list)

    @field_validator("url", "password", mode="before")
    @classmethod
    def _chatty(cls, value: object) -> object:
        if str(value).startswith("https:"):
            return str(urlsplit(str(value)).port)
        if value != "fine":
            raise ValueError(f"{value} is not fine")
        return value


@dataclass
class Registered:
    options: type[SinkOptions]


PARROT = {"parrot": Registered(ParrotOptions)}


def test_the_type_chooses_the_options(case):
    sink = case.set("sinks.out", {"type": "console", "batch": 5}).config().sinks["out"]
    assert isinstance(sink, ConsoleOptions)
    assert sink.batch == 5


def test_the_kinds_of_sinks_are_those_of_the_registry(case):
    problem = case.set("sinks.out", {"type": "webhok"}).problem()
    assert problem == 'sinks.out.type: unknown kind of sink. Did you mean "webhook"?'
    assert case.set("sinks.out.type", "console").problem(registry=PARROT) == (
        "sinks.out.type: unknown kind of sink. Known: parrot."
    )


def test_a_sink_says_which_kind_it_is(case):
    assert ", ".join(REGISTRY) in case.set("sinks.out", {"path": "x"}).problem()
    assert "sinks.out: must be a mapping with a type" in case.set("sinks.out", "console").problem()


def test_an_unknown_key_of_a_sink_is_a_mistake_with_a_suggestion(case):
    case.set("sinks.out", {"type": "console", "filter": {"colections": ["people"]}, "retry": {"attempts": 1}})
    assert case.problems() == [
        'sinks.out.filter.colections: unknown key. Did you mean "collections"?',
        'sinks.out.retry.attempts: unknown key. Did you mean "max_attempts"?',
    ]


def test_a_word_of_many_possible_ones_gets_the_nearest_suggested(case):
    case.set("sinks.out", {"type": "console", "filter": {"collections": ["asignments"]}})
    assert case.problem() == (
        'sinks.out.filter.collections[0]: "asignments" is not known here. Did you mean "assignments"?'
    )


def test_what_a_sinks_own_check_says_is_reported_at_its_path(case):
    case.set("sinks.out", {"type": "webhook", "url": "https://example.com/in", "mode": "binary"})
    assert case.problem() == "sinks.out: needs either a secret or `unsigned: true`."


def test_what_a_sinks_own_check_says_loses_the_secrets_in_it(case):
    case.set("sinks.out", {"type": "parrot", "password": "hunter2", "url": "redis://:hunter2@h"})
    assert case.problems(registry=PARROT) == [
        "sinks.out.url: *** is not fine.",
        "sinks.out.password: *** is not fine.",
    ]


def test_what_a_sinks_own_check_says_loses_parts_of_a_secret_too(case):
    case.set("sinks.out", {"type": "parrot", "password": "fine", "url": "https://user:hunter2/x@h"})
    assert case.problem(registry=PARROT) == "sinks.out.url: Port could not be cast to integer value as ***."


def test_a_missing_key_of_a_sink_is_named(case):
    assert (
        case.set("sinks.out", {"type": "file"}).problem()
        == "sinks.out.path: is missing. Add the folder; it is made when the first event comes."
    )


def test_several_possible_types_are_reported_at_the_same_key(case):
    case.set("sinks.out", {"type": "parrot", "names": 5})
    assert {problem.split(":")[0] for problem in case.problems(registry=PARROT)} == {"sinks.out.names"}


@pytest.mark.parametrize("kind", ["console", "file"])
def test_every_option_of_a_sink_is_logged(case, kind):
    sink = (
        case.set("sinks.out", {"type": kind} | ({"path": "events"} if kind == "file" else {}))
        .config()
        .sinks["out"]
    )
    assert set(masked(case.config())["sinks"]["out"]) == set(type(sink).model_fields)


def test_a_certificate_that_is_not_there_is_told_as_such(case, tmp_path):
    webhook = {"type": "webhook", "url": "https://example.com", "unsigned": True}
    problem = case.set("sinks.out", {**webhook, "ca_file": "no-such.pem"}).problem()
    assert problem.startswith("sinks.out.ca_file: there is no such file here.")
    problem = case.set("sinks.out", {**webhook, "ca_file": str(tmp_path)}).problem()
    assert problem.startswith("sinks.out.ca_file: is a folder")
