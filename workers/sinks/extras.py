"""Client libraries that not every installation has: a sink names the extra that brings its own."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple


class Extra(NamedTuple):
    """The extra `name` of pyproject.toml brings what is imported as `module`."""

    name: str
    module: str


def installed(extra: Extra) -> None:
    """Raises ValueError, in the words of a configuration error, when the client is missing."""
    if find_spec(extra.module) is None:
        # From the lock: there is no package index that has us, and a name of ours there would be another's.
        raise ValueError(
            f"needs a client library that is not installed ({extra.name}). In the checkout run: make setup-sinks"
        )
