"""What reading JSON raises for bytes that are none."""

from __future__ import annotations

import msgspec

#: Besides what msgspec calls a mistake: a text in it that is not UTF-8, and nesting without end.
NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)
