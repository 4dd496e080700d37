"""`python -m tests.protime_rules` writes docs/protime-conformance.md anew."""

from __future__ import annotations

import sys

from tests.protime_rules.collected import ROOT, ties
from tests.protime_rules.page import gaps, page

if __name__ == "__main__":
    found = ties()
    (ROOT / "docs/protime-conformance.md").write_text(page(found), encoding="utf-8")
    if missing := gaps(found):
        sys.exit("rules without a test:\n" + "\n".join(missing))
