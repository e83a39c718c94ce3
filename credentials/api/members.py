"""Members of a JSON body read by hand, so that no sentence quotes what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.near import near_names
from integration_hub.lib.pointers import join

Kind = type | tuple[type, int]


def read_members(raw: Any, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The members that were sent; `kinds` says of each its type, or the longest text.

    None is as good as absent. Raises ValidationFailed with a pointer for each fault.
    """
    if raw is None or raw == "":
        return {}
    if not isinstance(raw, dict):
        raise ValidationFailed(
            "The body must be a JSON object.", errors=[Fault("", "Send an object.", "TYPE")]
        )
    faults = [fault for name, value in raw.items() for fault in _faults(name, value, kinds)]
    if faults:
        raise ValidationFailed("The body is not valid; see errors.", errors=faults)
    return {name: value for name, value in raw.items() if value is not None}


def _faults(name: str, value: Any, kinds: Mapping[str, Any]) -> Iterator[Fault]:
    if name not in kinds:
        near = near_names(name, kinds)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        detail = f"There is no such member; known: {', '.join(kinds)}.{meant}"
        yield Fault(join((name,)), detail, "UNKNOWN_MEMBER")
        return
    kind = kinds[name]
    if value is None:
        return
    if kind is int:
        if not isinstance(value, int) or isinstance(value, bool):
            yield Fault(f"/{name}", "A whole number.", "TYPE")
    elif not isinstance(value, str) or not 0 < len(value) <= kind[1]:
        yield Fault(f"/{name}", f"A text of 1 to {kind[1]} characters.", "TYPE")
