"""Which failure ends the command line with which words and exit code."""

from __future__ import annotations

from redis.exceptions import RedisError

from workers.config import ConfigError
from workers.protime import AuthenticationFailed, ProtimeError, Transient, Unconfirmed
from workers.store.connect import StoreUnreachable, UnsafeStore
from workers.store.embedded import NoRedis
from workers.store.vault import CannotOpen

FAILURE, USAGE, UNREACHABLE, BAD_CONFIGURATION = 1, 2, 69, 78


class CommandFailed(Exception):
    """A command that did its work and found that something is not as it should be."""


def explain(error: Exception) -> tuple[str, int] | None:
    """The text for standard error and the exit code; None for a defect, which deserves its traceback."""
    match error:
        case ConfigError():
            listed = "\n".join(f"  {problem}" for problem in error.problems)
            return f"The configuration has {_count(len(error.problems))}:\n{listed}", BAD_CONFIGURATION
        case UnsafeStore() | CannotOpen() | AuthenticationFailed():
            return str(error), BAD_CONFIGURATION
        case StoreUnreachable() | NoRedis():
            return str(error), UNREACHABLE
        case Transient() | Unconfirmed():
            return f"Protime: {error}", UNREACHABLE
        case ProtimeError():
            return f"Protime: {error}", FAILURE
        case RedisError() | ConnectionError():
            return f"The store does not answer: {error}", UNREACHABLE
        case CommandFailed():
            return str(error), FAILURE
    return None


def _count(number: int) -> str:
    return "a mistake" if number == 1 else f"{number} mistakes"
