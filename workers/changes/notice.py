"""How long before the work a change became known.

Belgian law asks 7 working days for variable part-time schedules; a sink can filter on it. A shift that moves is given
the notice of its first affected start, the earlier of old and new: who was to come at 08:00 has to know by then that
it is 09:00 now, and who is to come at 07:00 instead has to know by 07:00. A change to work that has begun has negative
minutes and is short.
"""

from __future__ import annotations

from datetime import datetime

from workers.changes.envelope import Notice


def notice(learned_at: datetime, *starts: datetime | None, short_notice_hours: int) -> Notice | None:
    """Whole elapsed minutes, rounded down, from `learned_at` to the earliest of `starts`; None without any start."""
    known = [start.timestamp() for start in starts if start is not None]
    if not known:
        return None
    minutes = int((min(known) - learned_at.timestamp()) // 60)
    return Notice(minutes, minutes < short_notice_hours * 60)
