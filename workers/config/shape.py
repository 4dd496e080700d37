"""Where a finding of pydantic stands in the data, and which model reads that place."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, TypeGuard, Union

from pydantic import BaseModel

from workers.config.mistakes import Path
from workers.config.model import Config
from workers.config.sink_choice import HasOptions


class Shape:
    def __init__(self, data: Any, registry: Mapping[str, HasOptions]) -> None:
        self._data = data
        self._registry = registry

    def place(self, loc: tuple[str | int, ...], *, missing: bool) -> Path:
        """`loc` without the marks that pydantic adds for keys and for the members of a union."""
        place: list[str | int] = []
        here: Any = self._data
        for part in loc:
            if _has(here, part):
                place.append(part)
                here = here[part]
        return (*place, loc[-1]) if missing else tuple(place)

    def at(self, path: Path) -> Any:
        """The value there; None when the path leads nowhere."""
        here: Any = self._data
        for part in path:
            here = here[part] if _has(here, part) else None
        return here

    def model(self, path: Path) -> type[BaseModel]:
        """The model that reads the mapping at `path`."""
        found: Any = Config
        for depth, part in enumerate(path):
            if depth == 1 and path[0] == "sinks":
                found = self._registry[self.at((*path[:2], "type"))].options
            else:
                found = _entry_type(found, part)
        return found if _is_model(found) else Config


def texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text in `value`, with its place."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for part, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(inner, (*path, part))


def _has(value: Any, part: str | int) -> bool:
    return part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value))


def _entry_type(annotation: Any, part: str | int) -> Any:
    """The type of an entry of a model, mapping or list. Optional types count as what they are when present."""
    if _is_model(annotation):
        return _bare(annotation.model_fields[str(part)].annotation)
    arguments = typing.get_args(annotation)
    return _bare(arguments[-1]) if arguments else None


def _bare(annotation: Any) -> Any:
    while typing.get_origin(annotation) in {Annotated, Union, UnionType}:
        annotation = typing.get_args(annotation)[0]
    return annotation


def _is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
