"""The catalogs, and who belonged to which entry from when."""

from __future__ import annotations

from simulator.seeds.definitions import texts
from simulator.store import Store

#: category: names of its catalog's entries, default and Dutch
CATALOGS = {
    "department": (("Stores", "Winkels"), ("Head office", "Hoofdkantoor")),
    "employer": (("Acme Retail", "Acme Retail"), ("Acme Logistics", "Acme Logistics")),
    "job": (("Shop assistant", "Winkelbediende"), ("Planner", "Planner")),
    "job-category": (("Blue-collar", "Arbeider"), ("White-collar", "Bediende")),
    "sector": (("Food", "Voeding"), ("Transport", "Transport")),
    "work-location": (("Antwerp", "Antwerpen"), ("Ghent", "Gent")),
}
JOINED, MOVED, LAST_DAY_BEFORE = "2020-01-01", "2024-07-01", "2024-06-30"
MOVERS = 4  # every so many people have moved once


def plural(category: str) -> str:
    return category.removesuffix("y") + ("ies" if category.endswith("y") else "s")


def linking(category: str) -> str:
    """The property that points at the catalog: `jobCategory`."""
    head, *rest = category.split("-")
    return head + "".join(map(str.capitalize, rest))


def fill(store: Store, people: int) -> None:
    for category, names in CATALOGS.items():
        for name, dutch in names:
            store.put(plural(category), {"name": texts(name, dutch)})
        for person in range(1, people + 1):
            _history(store, category, person)


def _history(store: Store, category: str, person: int) -> None:
    """`until` is null while the entry holds (9.7), the one place where a value is null and not omitted."""
    now, before = 1 + person % 2, 2 - person % 2
    moved = person % MOVERS == 0
    whose, link = {"person": {"id": person}}, linking(category)
    if moved:
        past = {"from": JOINED, "until": LAST_DAY_BEFORE, link: {"id": before}}
        store.put(f"{category}-histories", {**whose, **past})
    present = {"from": MOVED if moved else JOINED, "until": None, link: {"id": now}}
    store.put(f"{category}-histories", {**whose, **present})
