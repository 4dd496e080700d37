"""What a change means: from Protime's record to the event that sinks receive. Pure: values in, values out."""

from workers.changes.model import PEOPLE_FIELDS, Change, NormalizeError, Rendered, TenantView
from workers.changes.normalize import normalize
from workers.changes.record import stored_form
from workers.changes.schemas import SCHEMA_NAMES, schema

__all__ = [
    "PEOPLE_FIELDS",
    "SCHEMA_NAMES",
    "Change",
    "NormalizeError",
    "Rendered",
    "TenantView",
    "normalize",
    "schema",
    "stored_form",
]
