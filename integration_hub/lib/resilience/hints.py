"""How long an external system asks to be left alone, in every form that is in use.

`Retry-After` (RFC 9110: seconds or a date) and `retry-after-ms`; `RateLimit` and
`RateLimit-Policy` (IETF structured fields, and their older list of members);
`RateLimit-*`, `X-RateLimit-*`, `X-Rate-Limit-*` and vendors' own prefixes with
`-Limit`, `-Remaining`, `-Reset`, of one quota or of several (`-reset-tokens`). A reset
is seconds, an epoch in s, ms, µs or ns, a date, or a duration (`6m0s`).

Of several the longest wins, at most an hour. Nothing here raises: what cannot be
read says nothing. Moments are compared with our own clock, so nothing is waited
for that a wrong clock of theirs puts into the past.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WAIT_CAP = 3_600.0
_LOOKED_AT = 2_000  # characters of a value
_QUIET = frozenset({429, 503})  # answers that a reset without a count belongs to

_NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?\Z")
_DURATION = re.compile(r"(?:[0-9]{1,20}(?:\.[0-9]{1,20})?(?:d|h|ms|us|µs|ns|m|s))+\Z")
_PART = re.compile(r"([0-9.]+)(d|h|ms|us|µs|ns|m|s)")
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_UNITS |= {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DATES = re.compile(
    r"[A-Z][a-z]{2,8},? [0-9A-Za-z -]{5,14}[0-9]{2}:[0-9]{2}:[0-9]{2}(?: ?[A-Z+0-9-]+)?"
)
_ITEMS = re.compile(r'(?:"[^"]*"|[^,"])+')
_PARAMETERS = re.compile(r'(?:"[^"]*"|[^;"])+')
_QUOTA = re.compile(r"((?:[a-z0-9]{1,20}-){0,3})rate-?limit-([a-z0-9-]{1,80})\Z")
_NEAR = 10 * 365 * 86_400.0  # an epoch is a moment of these years, other numbers are seconds


@dataclass(slots=True)
class _Quota:
    remaining: list[float] = field(default_factory=list)
    resets: list[float] = field(default_factory=list)

    def waits(self, *, quiet: bool) -> Iterator[float]:
        """Its resets that must be waited for: those of an exhausted count, or of none given."""
        if len(self.remaining) == len(self.resets):
            yield from (
                at for left, at in zip(self.remaining, self.resets, strict=True) if left <= 0
            )
        elif self.remaining:
            yield from self.resets if min(self.remaining) <= 0 else ()
        elif quiet:
            yield from self.resets


def wait_seconds(headers: Mapping[str, str], now: datetime, status: int | None) -> float | None:
    """Seconds to wait before the call is sent again; None when nobody asks for a wait."""
    fields = _lowered(headers)
    waits = [*_asked(fields, now), *_exhausted(fields, now, quiet=status in _QUIET)]
    return _longest(waits)


def exhausted_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until a quota that is used up is whole again; None when all have calls left.

    Cheap where no header speaks of a rate.
    """
    if not any("limit" in name or "Limit" in name for name in headers):
        return None
    return _longest(_exhausted(_lowered(headers), now, quiet=False))


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value[:_LOOKED_AT] for name, value in headers.items()}


def _longest(waits: Iterable[float]) -> float | None:
    longest = max(waits, default=None)
    return None if longest is None else min(WAIT_CAP, max(0.0, longest))


def _asked(fields: Mapping[str, str], now: datetime) -> Iterator[float]:
    yield from _each(fields.get("retry-after", ""), now, epochs=False)
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        for wait in _each(fields.get(name, ""), now, epochs=False):
            yield wait / 1000


def _exhausted(fields: Mapping[str, str], now: datetime, *, quiet: bool) -> Iterator[float]:
    quotas: dict[str, _Quota] = {}
    for name, value in fields.items():
        found = _QUOTA.match(name) if "limit" in name else None
        if found:
            _read_member(quotas, found[1], found[2], value, now)
    for quota in quotas.values():
        yield from quota.waits(quiet=quiet)
    yield from _structured(fields, quiet=quiet)


def _read_member(
    quotas: dict[str, _Quota], prefix: str, rest: str, value: str, now: datetime
) -> None:
    """One header of the family: `rest` is what it counts and which quota, in any order."""
    words = [word for word in rest.split("-") if word not in ("after", "retry")]
    in_ms = "ms" in words
    kind = next((word for word in words if word in ("remaining", "reset")), "")
    if "retry" in rest.split("-"):
        kind = "reset"
    if not kind:
        return
    name = prefix + "-".join(word for word in words if word not in (kind, "ms"))
    quota = quotas.setdefault(name, _Quota())
    if kind == "remaining":
        quota.remaining += _counts(value)
    else:
        quota.resets += [wait / 1000 if in_ms else wait for wait in _each(value, now, epochs=True)]


def _counts(value: str) -> Iterator[float]:
    for item in value.split(","):
        text = item.partition(";")[0].strip()
        if _NUMBER.match(text):
            yield float(text)


def _structured(fields: Mapping[str, str], *, quiet: bool) -> Iterator[float]:
    """`RateLimit: "day";r=0;t=30`, `RateLimit-Policy: "day";q=9;w=60`, or `remaining=0`."""
    windows = {name: of.get("w") for name, of in _members(fields.get("ratelimit-policy", ""))}
    flat = _Quota()
    for name, of in _members(fields.get("ratelimit", "")):
        left, wait = of.get("r"), of.get("t", windows.get(name))
        if wait is not None and (quiet if left is None else left <= 0):
            yield wait
        flat.remaining += [of["remaining"]] if "remaining" in of else []
        flat.resets += [of["reset"]] if "reset" in of else []
    yield from flat.waits(quiet=quiet)


def _members(value: str) -> Iterator[tuple[str, dict[str, float]]]:
    """Each item of a list with its numeric parameters; `a=1` by itself is a parameter too."""
    for item in _ITEMS.findall(value):
        parts = [part.strip() for part in _PARAMETERS.findall(item)]
        pairs = (part.partition("=") for part in parts if "=" in part)
        numbers = {
            key.strip().lower(): float(text.strip())
            for key, _, text in pairs
            if _NUMBER.match(text.strip()) and not text.strip().startswith("-")
        }
        yield (parts[0] if parts else "").strip('"'), numbers


def _each(value: str, now: datetime, *, epochs: bool) -> Iterator[float]:
    """Seconds from now of every number, date and duration in a list; the rest is left out."""
    for date in _DATES.findall(value):
        yield from _of_date(date, now)
    for item in _DATES.sub("", value).split(","):
        text = item.partition(";")[0].strip()
        if _NUMBER.match(text):
            if not text.startswith("-"):
                yield _of_number(float(text), now, epochs=epochs)
        elif epochs and _DURATION.match(text):
            yield sum(
                float(n) * _UNITS[unit] for n, unit in _PART.findall(text) if n.count(".") < 2
            )
        elif epochs and text[:3].isdigit() and "-" in text:
            yield from _of_iso(text, now)


def _of_number(number: float, now: datetime, *, epochs: bool) -> float:
    here = now.timestamp()
    for scale in (1.0, 1e3, 1e6, 1e9) if epochs else ():
        if abs(number / scale - here) < _NEAR:
            return max(0.0, number / scale - here)
    return number


def _of_date(text: str, now: datetime) -> Iterator[float]:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return
    yield from _until(moment, now)


def _of_iso(text: str, now: datetime) -> Iterator[float]:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return
    yield from _until(moment, now)


def _until(moment: datetime, now: datetime) -> Iterator[float]:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        yield max(0.0, (moment - now).total_seconds())
    except OverflowError:
        return
