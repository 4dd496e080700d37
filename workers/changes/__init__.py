"""What a change means: from Protime's record to the event that sinks receive. Pure: values in, values out."""

from workers.changes.catalog import COLLECTIONS, EVENT_TYPES
from workers.changes.fingerprints import Fingerprints
from workers.changes.model import Change, NormalizeError, Rendered, TenantView
from workers.changes.normalize import normalize
from workers.changes.people import PEOPLE_FIELDS
from workers.changes.record import reduced_form, stored_form
from workers.changes.schemas import SCHEMA_NAMES, definitions, described, schema

__all__ = [
    "COLLECTIONS",
    "EVENT_TYPES",
    "PEOPLE_FIELDS",
    "SCHEMA_NAMES",
    "Change",
    "Fingerprints",
    "NormalizeError",
    "Rendered",
    "TenantView",
    "definitions",
    "described",
    "normalize",
    "reduced_form",
    "schema",
    "stored_form",
]
