"""UUIDv7 keys (RFC 9562): known before the save, ordered by time."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


def time_of(key: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)


def floor_id(moment: datetime) -> UUID:
    """The smallest UUIDv7-shaped value not made before `moment`: a range bound.

    Moments outside the 48 bits of a UUIDv7 (before 1970, after 10889) are cut to its ends.
    """
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=min(max(milliseconds, 0), (1 << 48) - 1) << 80)
