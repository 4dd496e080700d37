"""Reads the control page as a browser without scripts would: its forms, their fields, tables and alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)  # as they would be sent
    kinds: dict[str, str] = field(default_factory=dict)  # checkbox, number, text or select
    options: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.alerts: list[tuple[str, str]] = []  # (id of the section's form, text)
        self.cells: list[str] = []
        self.tags: list[str] = []
        self._select = ""
        self._into: list[str] | None = None
        self._section = ""
        self.feed(text)

    def form(self, end: str) -> Form:
        (found,) = [form for form in self.forms if form.action.endswith(end)]
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        self.tags.append(tag)
        if tag == "section":
            self._section = given.get("id", "")
        elif tag == "form":
            assert given["method"] == "post"
            self.forms.append(Form(given["action"]))
        elif tag == "input":
            self._input(given)
        elif tag == "select":
            self._select = given["name"]
            self.forms[-1].kinds[self._select] = "select"
        elif tag == "option":
            self.forms[-1].options.setdefault(self._select, []).append(given["value"])
            if "selected" in given:
                self.forms[-1].fields[self._select] = given["value"]
        self._into = [] if tag == "td" or given.get("role") == "alert" else self._into

    def handle_endtag(self, tag: str) -> None:
        if self._into is not None and tag == "td":
            self.cells.append("".join(self._into))
            self._into = None
        elif self._into is not None and tag == "p":
            self.alerts.append((self._section, "".join(self._into)))
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)

    def _input(self, given: dict[str, Any]) -> None:
        form, name = self.forms[-1], given["name"]
        form.kinds[name] = given["type"]
        if given["type"] != "checkbox":
            form.fields[name] = given["value"]
        elif "checked" in given:
            form.fields[name] = "on"
