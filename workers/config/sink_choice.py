"""A sink's options are checked by the class its `type` names in the registry of sinks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from pydantic import BeforeValidator, SerializeAsAny, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from workers.config.mistakes import mistake, suggestion
from workers.sinks import REGISTRY
from workers.sinks.base import SinkOptions


class HasOptions(Protocol):
    """As much of a registered sink type as a configuration needs."""

    @property
    def options(self) -> type[SinkOptions]: ...


def registered(info: ValidationInfo) -> Mapping[str, HasOptions]:
    """The registry to check against: the one given to `parse`, else that of the product."""
    registry: Mapping[str, HasOptions] = (info.context or {}).get("registry") or REGISTRY
    return registry


def _choose(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, SinkOptions):
        return value
    if not isinstance(value, Mapping):
        raise mistake("must be a mapping with a type. For example: { type: console }")
    registry = registered(info)
    kind = value.get("type")
    if not isinstance(kind, str):
        raise _at_type(value, mistake(f"must say which kind of sink this is: {', '.join(registry)}."))
    if kind not in registry:
        raise _at_type(value, mistake(f"unknown kind of sink. {suggestion(kind, registry, label='Known')}"))
    return registry[kind].options.model_validate(value, context=info.context)


def _at_type(value: Any, error: PydanticCustomError) -> ValidationError:
    details = InitErrorDetails(type=error, loc=("type",), input=value)
    return ValidationError.from_exception_data("sink", [details], hide_input=True)


SinkConfig = Annotated[SerializeAsAny[SinkOptions], BeforeValidator(_choose)]
