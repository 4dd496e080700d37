"""The collections with words of their own; all others are generic."""

from __future__ import annotations

from workers.changes.vocabularies.absences import ABSENCES
from workers.changes.vocabularies.assignments import ASSIGNMENTS
from workers.changes.vocabularies.calculated_totals import CALCULATED_TOTALS
from workers.changes.vocabularies.clockings import CLOCKINGS
from workers.changes.vocabularies.contracts import CONTRACTS
from workers.changes.vocabularies.counters import COUNTERS
from workers.changes.vocabularies.people import PEOPLE
from workers.changes.vocabulary import Vocabulary

VOCABULARIES: dict[str, Vocabulary] = {
    "absences": ABSENCES,
    "assignments": ASSIGNMENTS,
    "calculated-totals": CALCULATED_TOTALS,
    "clockings": CLOCKINGS,
    "contracts": CONTRACTS,
    "counters": COUNTERS,
    "people": PEOPLE,
}
