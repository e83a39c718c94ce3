"""The body of a PUT: read by hand, so that no sentence quotes what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.near import near_names
from integration_hub.lib.pointers import join

WRITABLE = ("type", "data", "auth", "expires_at")
_TEXTS = {"type": 40, "auth": 80}


@dataclass(frozen=True, slots=True)
class PutBody:
    type: str
    data: Any
    auth: str | None
    expires_at: datetime | None


def read_body(raw: Any, stored: Mapping[str, Any] | None) -> PutBody:
    """Raises ValidationFailed with a pointer for each fault.

    Read-only members that are as `stored` shows them are ignored.
    """
    if not isinstance(raw, dict):
        fault = Fault("", "Send an object with type and data.", "TYPE")
        raise ValidationFailed("The body must be a JSON object.", errors=[fault])
    faults = [*_member_faults(raw, stored or {}), *_text_faults(raw)]
    expires_at = _moment(raw.get("expires_at"), faults)
    if faults:
        raise ValidationFailed("The credential is not valid; see errors.", errors=faults)
    return PutBody(raw["type"], raw["data"], raw.get("auth"), expires_at)


def _member_faults(raw: Mapping[str, Any], stored: Mapping[str, Any]) -> Iterator[Fault]:
    for name in ("type", "data"):
        if name not in raw:
            yield Fault(f"/{name}", "This member is needed.", "REQUIRED")
    for name in raw:
        if name in WRITABLE or (name in stored and raw[name] == stored[name]):
            continue
        if name in stored:
            detail = "Is read-only: leave it out, or send it as it is."
            yield Fault(join((name,)), detail, "READ_ONLY")
        else:
            near = near_names(name, WRITABLE)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            detail = f"There is no such member; known: {', '.join(WRITABLE)}.{meant}"
            yield Fault(join((name,)), detail, "UNKNOWN_MEMBER")


def _text_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    for name, longest in _TEXTS.items():
        value = raw.get(name)
        if name not in raw or (name == "auth" and value is None):
            continue
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            yield Fault(f"/{name}", f"A text of 1 to {longest} characters.", "TYPE")


def _moment(value: Any, faults: list[Fault]) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.utcoffset() is None:
        detail = "A date and time with its zone (RFC 3339), as 2030-01-31T12:00:00Z."
        faults.append(Fault("/expires_at", detail, "FORMAT"))
        return None
    return moment
