"""Which failure ends the command line with which words and exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from redis.exceptions import RedisError

from service.listening import CannotListen
from workers.config import ConfigError
from workers.protime import AuthenticationFailed, PermissionDenied, ProtimeError, Transient, Unconfirmed
from workers.store.connect import StoreUnreachable, UnsafeStore
from workers.store.embedded import NoRedis
from workers.store.vault import CannotOpen

FAILURE, USAGE, UNREACHABLE, BAD_CONFIGURATION = 1, 2, 69, 78
#: What a shell expects of a command that Ctrl-C ended before it was through.
INTERRUPTED = 130


class CommandFailed(Exception):
    """A command that did its work and found that something is not as it should be."""


#: The first that fits counts. What stands before the error's own words, and the exit code.
_KNOWN: tuple[tuple[tuple[type[Exception], ...], str, int], ...] = (
    ((UnsafeStore, CannotOpen, AuthenticationFailed), "", BAD_CONFIGURATION),
    ((StoreUnreachable, NoRedis), "", UNREACHABLE),
    ((PermissionDenied,), "Protime: ", BAD_CONFIGURATION),
    ((Transient, Unconfirmed), "Protime: ", UNREACHABLE),
    ((ProtimeError,), "Protime: ", FAILURE),
    ((RedisError, ConnectionError), "The store does not answer: ", UNREACHABLE),
    ((CommandFailed, CannotListen), "", FAILURE),
)


def explain(error: Exception) -> tuple[str, int] | None:
    """The text for standard error and the exit code; None for a defect, which deserves its traceback."""
    if isinstance(error, ConfigError):
        listed = "\n".join(f"  {problem}" for problem in error.problems)
        return f"The configuration has {_count(len(error.problems))}:\n{listed}", BAD_CONFIGURATION
    if isinstance(error, UnicodeEncodeError) and (unread := _not_utf8(sys.argv[1:])):
        return f"Not UTF-8: {unread}", USAGE
    for kinds, before, code in _KNOWN:
        if isinstance(error, kinds):
            return f"{before}{error}", code
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part), FAILURE
    return None


def _not_utf8(arguments: Sequence[str]) -> str:
    """The arguments whose bytes are no text, those bytes as a backslash and their number."""
    shown = [
        os.fsencode(text).decode("utf-8", "backslashreplace") for text in arguments if not _is_text(text)
    ]
    return ", ".join(shown)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _count(number: int) -> str:
    return "a mistake" if number == 1 else f"{number} mistakes"
