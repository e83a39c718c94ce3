"""Dates and moments as they stand in documents: ISO 8601 text."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from transformer.transform import text_only


def date_or_moment(value: Any) -> date:
    """A `datetime` where there is a time of day, else a `date`. Raises ValueError."""
    text = text_only(value)
    try:
        return (
            date.fromisoformat(text)
            if len(text) <= len("2026-11-23")
            else datetime.fromisoformat(text)
        )
    except ValueError:
        raise ValueError("takes a date or time of ISO 8601") from None


def moment_of(value: Any, *, default: str | None = None) -> datetime:
    """A moment with its zone, that of `default` where the text names none. Raises ValueError."""
    moment = date_or_moment(value)
    if not isinstance(moment, datetime):
        raise ValueError("takes a moment, not a date alone")  # noqa: TRY004 - the one error
    if moment.tzinfo is not None:
        return moment
    if default is None:
        raise ValueError("takes a moment with its zone (…Z, …+01:00)")
    return moment.replace(tzinfo=zone_named(default))


@lru_cache(maxsize=1_000)
def zone_named(name: str) -> ZoneInfo:
    """Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name[:60]!r} is no zone of the IANA database") from None
