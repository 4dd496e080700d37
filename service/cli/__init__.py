"""The command line. `main` turns what can go wrong into one line on standard error and an exit code."""

from __future__ import annotations

import sys

import typer

from service.cli.failures import explain


def main() -> int:
    """Runs the command of `sys.argv`. Exit codes: 0 ok, 1 failure, 2 usage, 69 unreachable, 78 bad configuration."""
    from service.cli.app import app  # noqa: PLC0415  # importing the command line is not running it

    try:
        return int(app(standalone_mode=False) or 0)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        text, code = known
        print(text, file=sys.stderr)
        return code
