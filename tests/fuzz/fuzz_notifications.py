r"""A coverage-guided search for a body that the parser neither understands nor refuses. Not part of the test run.

    pip install atheris
    PYTHONPATH=. python tests/fuzz/fuzz_notifications.py -dict=tests/fuzz/notifications.dict -max_total_time=3600 \
        CORPUS tests/fuzz/inputs

What it finds goes to `tests/fuzz/inputs`, where `test_inputs.py` repeats it for ever.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["service", "workers"]):
    from tests.fuzz.notification import is_answered


def body_or_record(found: bytes) -> None:
    """The bytes are a body, and once more the record of a body that is sound otherwise."""
    is_answered(found)
    is_answered(b'{"changeType":"InsertOrUpdate","data":' + found + b"}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, body_or_record)
    atheris.Fuzz()
