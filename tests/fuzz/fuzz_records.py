r"""A coverage-guided search for a record of a delta that is neither decided nor rejected. Not part of the test run.

pip install atheris
PYTHONPATH=. python tests/fuzz/fuzz_records.py -dict=tests/fuzz/notifications.dict -max_total_time=3600 CORPUS
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["service", "workers"]):
    from tests.fuzz.record import is_decided


def record_or_its_comment(found: bytes) -> None:
    """The bytes are a record, and once more a text in one that is sound otherwise."""
    is_decided(found)
    is_decided(b'{"id":1,"changeVersion":"01","comments":"' + found + b'"}')


if __name__ == "__main__":
    atheris.Setup(sys.argv, record_or_its_comment)
    atheris.Fuzz()
