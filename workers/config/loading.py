"""From a file or a mapping to a checked configuration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workers.config.environment import expand
from workers.config.mistakes import ConfigError, line
from workers.config.model import Config
from workers.config.rules import broken_rules
from workers.config.sink_choice import HasOptions
from workers.config.wording import Wording
from workers.config.yaml_file import read
from workers.sinks import REGISTRY


def load(path: Path, environ: Mapping[str, str], today: dt.date | None = None) -> Config:
    """The configuration in a YAML file, with `${NAME}` from `environ`. Raises `ConfigError` with every mistake."""
    data = read(path)
    if not isinstance(data, Mapping):
        what = "is empty" if data is None else "must hold keys and values"
        raise ConfigError([f"{path}: {what}. Start with `tenants:`."])
    return parse(data, today=today, environ=environ)


def parse(
    data: Mapping[str, Any],
    *,
    today: dt.date | None = None,
    environ: Mapping[str, str] | None = None,
    registry: Mapping[str, HasOptions] = REGISTRY,
) -> Config:
    """The same checks on a mapping. `${NAME}` is left alone unless `environ` is given.

    `today` bounds `since`. Raises `ConfigError`.
    """
    expanded = expand(data, environ)
    problems = list(expanded.problems)
    config = None
    try:
        config = Config.model_validate(expanded.data, context={"registry": registry})
    except ValidationError as error:
        problems += Wording(expanded, registry).of(error)
    broken = broken_rules(expanded.data, today or dt.date.today())  # noqa: DTZ011 - a calendar day, as the user wrote it
    known = [path for path, _ in problems]
    problems += [
        (path, text) for path, text in broken if not any(found[: len(path)] == path for found in known)
    ]
    if config is None or problems:
        raise ConfigError(list(dict.fromkeys(line(path, text) for path, text in problems)))
    return config
