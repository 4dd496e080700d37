from __future__ import annotations

from tests.workers.config.page import OF_SINKS, PAGE, SECTIONS, page
from workers.config import config_schema
from workers.sinks import REGISTRY


def test_the_page_is_what_the_schema_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make configuration`"


def test_no_part_of_the_configuration_is_left_out() -> None:
    kinds = {entry.options.__name__ for entry in REGISTRY.values()}
    written = {*SECTIONS.values(), *OF_SINKS.values(), *kinds, "Digest"}
    assert written == set(config_schema()["$defs"])
