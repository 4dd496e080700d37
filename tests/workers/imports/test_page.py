"""docs/import.md names every column there is, with its type, and its examples can be imported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workers.imports.columns import columns
from workers.imports.rows import read
from workers.protime import BODIES

PAGE = (Path(__file__).parents[3] / "docs" / "import.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("collection", sorted(BODIES))
def test_the_page_has_every_column_with_its_type(collection):
    part = PAGE.partition(f"### Columns of {collection}\n")[2].partition("\n#")[0]
    written = dict(re.findall(r"^\| `([^`]+)` \| (\w+) \|", part, re.MULTILINE))
    leaves = {path.replace("*", "NAME"): kind for path, kind in BODIES[collection].leaves().items()}
    assert written == leaves
    known = columns(list(written), BODIES[collection])
    assert [column.name for column in known] == list(written)


@pytest.mark.parametrize(("kind", "collection"), [("csv", "assignments"), ("jsonl", "clockings")])
def test_the_examples_can_be_imported(kind, collection, tmp_path):
    (example,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "example"
    file.write_text(example, encoding="utf-8")
    rows = read(file, BODIES[collection])
    assert (len(rows), [row.mistakes for row in rows if row.mistakes]) == (2, [])
