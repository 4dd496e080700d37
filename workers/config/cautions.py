"""What is allowed and better otherwise: said at the start and by `check`, and no reason to stand still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from workers.config.mistakes import line
from workers.config.model import Config
from workers.config.old_days import old_days

#: Nobody limits the guesses at a token.
_SHORTEST_TOKEN = 16


def cautions(config: Config, now: dt.datetime) -> list[str]:
    """Lines in the words of a mistake. `now` is aware."""
    return [*old_days(config, now), *_short_tokens(config), *_of_sinks(config)]


def _short_tokens(config: Config) -> Iterator[str]:
    tokens = {"operator": config.admin_tokens.operator, "viewer": config.admin_tokens.viewer}
    for role, token in tokens.items():
        if token is not None and len(token.get_secret_value()) < _SHORTEST_TOKEN:
            text = f"can be guessed: it has less than {_SHORTEST_TOKEN} characters. Make one with: openssl rand -hex 24"
            yield line(("admin_tokens", role), text)


def _of_sinks(config: Config) -> Iterator[str]:
    for name, options in config.sinks.items():
        for option, text in options.cautions():
            yield line(("sinks", name, option), text)
