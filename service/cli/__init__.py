"""The command line. `main` turns what can go wrong into a few words on standard error and an exit code.

0 ok, 1 failure, 2 usage, 69 the store or Protime unreachable, 78 bad configuration. A defect shows its traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress


def main() -> int:
    """Runs the command of `sys.argv` and returns its exit code."""
    from service.cli import streams  # noqa: PLC0415
    from service.cli.app import ReaderGone, app  # noqa: PLC0415  # importing the command line is not running it

    streams.prepare()
    try:
        return _run(app)
    except (ReaderGone, BrokenPipeError):
        streams.silence()  # whoever read our output had enough (`| head`): nothing is wrong
        return 0
    except Exception as error:
        if isinstance(error, OSError) and (text := streams.unwritten(error)):
            return _failed(text, 1)
        from service.cli.failures import explain  # noqa: PLC0415  # knows all errors, which takes time to import

        known = explain(error)
        if known is None:
            raise
        return _failed(*known)


def _run(app: Callable[..., object]) -> int:
    """Typer says what is wrong with the arguments, and ends with `SystemExit`."""
    try:
        app(prog_name="shiftwire")
    except SystemExit as end:
        sys.stdout.flush()
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    sys.stdout.flush()
    return 0


def _failed(text: str, code: int) -> int:
    with suppress(OSError):  # nobody is left to be told
        print(text, file=sys.stderr)
    return code
