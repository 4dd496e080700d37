"""People. Words without the value: of a name, an address or a badge the event says only that it is another."""

from __future__ import annotations

from workers.changes.date_rules import advances, appears, disappears, redated, retreats
from workers.changes.rules import differs, personal
from workers.changes.vocabulary import Vocabulary

PEOPLE = Vocabulary(
    arrived="joined",
    updates={
        "left": appears("outOfServiceDate"),
        "returned": disappears("outOfServiceDate"),
        "out_of_service_date_changed": redated("outOfServiceDate"),
        "in_service_date_changed": differs("inServiceDate"),
        "calendar_closed": advances("periodClosingDate"),
        "calendar_reopened": retreats("periodClosingDate"),
        "employee_number_changed": differs("employeeNumber"),
        "name_changed": personal("name"),
        "contact_changed": personal("contact"),
        "address_changed": personal("address"),
        "badge_changed": personal("badge"),
    },
)
