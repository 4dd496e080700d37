"""Types of single values. Each refuses with words that say what to write, and never quotes what was given."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema

from workers.changes.people import ALWAYS, NAMEABLE, NEVER
from workers.collections import WEBHOOK_COLLECTIONS
from workers.config.addresses import host_url, public_url, redis_url
from workers.config.mistakes import mistake, suggestion
from workers.protime import user_agent

TENANT_NAME: Final = r"[a-z0-9-]+"
SINK_NAME: Final = r"[A-Za-z0-9_-]+"


def _user_agent(text: str) -> str:
    try:
        return user_agent.checked(text)
    except ValueError:
        raise mistake(
            "must look like Name/Version (Company), in ASCII. For example: ScheduleSync/v1 (Acme Corp)"
        ) from None


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        raise mistake(
            f"is not a time zone. {_near_timezone(text) or 'For example: Europe/Brussels'}"
        ) from None
    return text


def _near_timezone(text: str) -> str:
    """A name that may have been meant, as a question. In an area that there is, the city alone is compared."""
    area, slash, city = text.partition("/")
    cities = [name.partition("/")[2] for name in sorted(available_timezones()) if name.startswith(f"{area}/")]
    if slash and cities:
        near = suggestion(city, cities, label="").replace('mean "', f'mean "{area}/')
    else:
        near = suggestion(text, sorted(available_timezones()), label="")
    return near if near.endswith("?") else ""


def _date(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            return dt.date.fromisoformat(value)
    except ValueError:
        raise mistake("is not a day of the calendar. Write a date such as 2026-01-01.") from None
    raise mistake("must be a date such as 2026-01-01.")


def _token(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_~.-]{16,}", secret.get_secret_value()):
        raise mistake(
            "must be at least 16 characters of letters, digits, - . _ and ~. Make one with: openssl rand -hex 24"
        )
    return secret


def _secret_key(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None and len(secret.get_secret_value()) < 32:
        raise mistake("must be at least 32 characters. Make one with: openssl rand -base64 32")
    return secret


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


def _names(value: Any) -> Any:
    several = [value] if isinstance(value, str) else value
    if (
        not isinstance(several, list)
        or not several
        or not all(isinstance(name, str) and name for name in several)
    ):
        raise mistake("must be a name, or a list of names.")
    return value


def _headers(value: str | list[str]) -> str | list[str]:
    for name in [value] if isinstance(value, str) else value:
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
            raise mistake(
                "must be the name of an HTTP header, or a list of them. For example: X-Protime-Signature"
            )
    return value


def _collection_name(name: str) -> str:
    if name not in WEBHOOK_COLLECTIONS:
        raise mistake(f"unknown collection. {suggestion(name, WEBHOOK_COLLECTIONS, label='Known')}")
    return name


def _person_field(name: str) -> str:
    if name in NEVER:
        raise mistake(
            "never leaves Protime by an event: it proves an identity, moves money or opens a door. Remove it."
        )
    if name not in {*NAMEABLE, *ALWAYS}:
        raise mistake(f"people have no property of this name. {suggestion(name, NAMEABLE, label='Known')}")
    return name


def _shaped(kind: str, pattern: str, words: str) -> Callable[[str], str]:
    def check(name: str) -> str:
        if not re.fullmatch(pattern, name):
            raise mistake(f"{kind} may have {words} only.")
        return name

    return check


PublicUrl = Annotated[str, AfterValidator(public_url)]
HostUrl = Annotated[str, AfterValidator(host_url)]
RedisUrl = Annotated[str, AfterValidator(redis_url)]
UserAgent = Annotated[str, AfterValidator(_user_agent)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Day = Annotated[dt.date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Secret = Annotated[SecretStr, Field(min_length=1)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_empty_is_none)]
SecretKey = Annotated[OptionalSecret, AfterValidator(_secret_key)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Names = Annotated[str | list[str], BeforeValidator(_names)]
HeaderNames = Annotated[Names, AfterValidator(_headers)]
TenantName = Annotated[str, AfterValidator(_shaped("a tenant's name", TENANT_NAME, "a-z, 0-9 and -"))]
SinkName = Annotated[str, AfterValidator(_shaped("a sink's name", SINK_NAME, "letters, digits, _ and -"))]
CollectionName = Annotated[
    str,
    AfterValidator(_collection_name),
    WithJsonSchema({"type": "string", "enum": list(WEBHOOK_COLLECTIONS)}),
]
PersonField = Annotated[
    str,
    AfterValidator(_person_field),
    WithJsonSchema({"type": "string", "enum": sorted({*NAMEABLE, *ALWAYS})}),
]
