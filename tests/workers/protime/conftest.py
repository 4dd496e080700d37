from __future__ import annotations

from hypothesis import settings

# A busy machine pauses single examples for longer than hypothesis' 200 ms; the suite's own timeout stands.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
