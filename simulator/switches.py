"""What there is to know of each switch, read off `Settings`: its group, meaning, kind of value and choices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from inspect import get_annotations
from typing import Any

import msgspec
from msgspec import inspect

from simulator.settings import Settings


@dataclass(frozen=True)
class Switch:
    """`kind` is flag, choice, integer, number, text, texts or numbers; `nullable`: empty stands for null."""

    name: str
    about: str
    kind: str
    choices: tuple[str | int, ...] = ()
    nullable: bool = False

    def read(self, text: str | None) -> Any:
        """Return the value of a form's text (None: the field was not sent). Raises ValueError."""
        given = (text or "").strip()
        if self.kind == "flag":
            return text is not None
        if self.nullable and not given:
            return None
        if self.kind == "choice":
            return next((choice for choice in self.choices if str(choice) == given), given)
        if self.kind in ("texts", "numbers"):
            parts = given.replace(",", " ").split()
            return parts if self.kind == "texts" else [_finite(part) for part in parts]
        if self.kind == "integer":
            return int(given)
        return _finite(given) if self.kind == "number" else given

    def show(self, value: Any) -> str:
        """The inverse of `read`, for all kinds but flag."""
        if value is None:
            return ""
        return ", ".join(map(_short, value)) if isinstance(value, list) else _short(value)


@dataclass(frozen=True)
class Group:
    title: str
    switches: tuple[Switch, ...]


@cache
def groups() -> Mapping[str, Group]:
    """The groups by the name of their class, in the order in which `Settings` has them."""
    described = inspect.type_info(Settings)
    assert isinstance(described, inspect.StructType)  # noqa: S101 - narrows the type
    fields = {field.name: field for field in described.fields}
    found = {}
    for kind in reversed(Settings.__mro__):
        names = get_annotations(kind) if issubclass(kind, msgspec.Struct) else ()
        switches = tuple(_switch(fields[name]) for name in names if name in fields)
        if switches:
            found[kind.__name__] = Group((kind.__doc__ or "").splitlines()[0].rstrip("."), switches)
    return found


def _switch(field: inspect.Field) -> Switch:
    about, kind = "", field.type
    while isinstance(kind, inspect.Metadata):
        about = about or (kind.extra_json_schema or {}).get("description", "")
        kind = kind.type
    nullable = isinstance(kind, inspect.UnionType)
    if isinstance(kind, inspect.UnionType):
        kind = next(option for option in kind.types if not isinstance(option, inspect.NoneType))
    values = kind.values if isinstance(kind, inspect.LiteralType) else ()
    choices = tuple(value for value in values if value is not None)
    # msgspec sorts a Literal's values; the page keeps that order.
    return Switch(field.name, about, _kind(kind), choices, nullable)


def _kind(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.ListType):
        return "numbers" if isinstance(_bare(kind.item_type), inspect.FloatType) else "texts"
    names: dict[type[inspect.Type], str] = {
        inspect.BoolType: "flag",
        inspect.LiteralType: "choice",
        inspect.IntType: "integer",
        inspect.FloatType: "number",
    }
    return names.get(type(kind), "text")


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number")
    return number


def _short(value: object) -> str:
    """A whole number without its `.0`."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
