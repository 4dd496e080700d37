"""Each record of a list once, where the list is read in several goes."""

from __future__ import annotations

import msgspec

from workers.protime.errors import Malformed
from workers.protime.models import Page, Resource


class Once:
    """Keeps the ids of what was handed out. The parts of a filter overlap where they name groups, or begin anew."""

    def __init__(self) -> None:
        self._ids: set[int | str] = set()

    def fresh(self, page: Page) -> Page:
        """The page without the records of pages before it; one without an id is left for others to judge."""
        items = [record for record in page.items if self._is_new(record)]
        return page if len(items) == len(page.items) else msgspec.structs.replace(page, items=items)

    def _is_new(self, record: msgspec.Raw) -> bool:
        try:
            number = Resource(bytes(record)).head.id
        except Malformed:
            return True
        known = number in self._ids
        self._ids.add(number)
        return not known
