"""The commands that every group of records has, and how the group itself is made."""

from __future__ import annotations

import typer

from service.cli import record_list
from service.cli.at_protime import At, IdArgument
from service.cli.import_ import DryRunOption, InputArgument, import_into
from service.cli.options import ConfigOption, Manner
from service.cli.parameters import spread
from service.cli.record_list import Chosen, Columns, ReferencesOption

_IMPORT_GOES_ON = """

What was done is kept in FILE.shiftwire-import: the same command again goes on, and creates no row twice. Exit code 1
when a row failed.
"""


def record_group(text: str) -> typer.Typer:
    """An empty group with its line in the help."""
    app = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
    )

    def group(config: ConfigOption = None) -> None:
        """`--config` may stand before the command."""

    app.callback(help=text)(group)
    return app


def add_reading(app: typer.Typer, name: str, columns: Columns, *, list_: str, get: str) -> None:
    """`list` and `get`, each with its text in the help."""

    @spread
    def list_records(at: At, chosen: Chosen, how: Manner) -> None:
        config = at.configured(how.config)
        where = record_list.where(chosen)
        found = record_list.read_all(config, at.tenant, name, where, chosen.external_reference)
        record_list.print_records(found, columns, how.as_json)

    @spread
    def get_record(
        at: At, number: IdArgument, *, external_reference: ReferencesOption = None, how: Manner
    ) -> None:
        record_list.show_one(at.configured(how.config), at.tenant, name, number, external_reference)

    app.command("list", help=list_)(list_records)
    app.command("get", help=get)(get_record)


def add_import(app: typer.Typer, name: str, text: str) -> None:
    """`import`, with the first line of its help."""

    @spread
    def import_records(at: At, file: InputArgument, *, dry_run: DryRunOption = False, how: Manner) -> None:
        config = at.configured(how.config)
        import_into(name, config, at.tenant, file, dry_run=dry_run, as_json=how.as_json)

    app.command("import", help=text + _IMPORT_GOES_ON)(import_records)
