"""What a notify sink can be told: where to, in which words, and how many changes a message tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from workers.sinks.base import SinkOptions
from workers.sinks.extras import Extra, installed
from workers.sinks.notify_service import plugin
from workers.sinks.notify_words import OF_ONE, OF_SEVERAL, compiled

_EACH: Final = "{% for each in events %}\n- {{ each.line }}\n{% endfor %}\n"


class Digest(BaseModel):
    """The words for several events in one message, and how long it waits for more of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    title: str = Field(default="{{ count }} changes", description="the title, a Jinja template")
    template: str = Field(default=_EACH, description="the text, a Jinja template")
    wait_seconds: float = Field(
        default=1, ge=0, le=30, description="how long a message waits for more events"
    )


class NotifyOptions(SinkOptions):
    extra: ClassVar[Extra | None] = Extra("notify", "apprise")

    type: Literal["notify"]
    urls: Annotated[tuple[SecretStr, ...], Field(min_length=1)] = Field(
        description="one or more addresses as Apprise writes them"
    )
    title: str = Field(
        default="{{ record }}: {{ what }}", description="the title for one event, a Jinja template"
    )
    template: str = Field(default="{{ line }}", description="the text for one event, a Jinja template")
    digest: Digest = Field(
        default=Digest(), description="the words for several events in one message, with a batch above 1"
    )

    @model_validator(mode="after")
    def _usable(self) -> Self:
        installed(Extra("notify", "jinja2"))
        for place, url in enumerate(self.urls):
            with _named(f"urls.{place}"):
                plugin(url.get_secret_value())
        for name, text, names in self._templates():
            with _named(name):
                compiled(text, names)
        if self.batch == 1 and "digest" in self.model_fields_set:
            raise ValueError("a digest needs a batch above 1: the most events that one message may tell")
        return self

    def _templates(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        yield "title", self.title, OF_ONE
        yield "template", self.template, OF_ONE
        yield "digest.title", self.digest.title, OF_SEVERAL
        yield "digest.template", self.digest.template, OF_SEVERAL


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
