"""Read-only members of a PUT or PATCH: ignored when equal to what is stored, else refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.pointers import escape


def without_readonly(
    body: Any, stored: Mapping[str, Any], writable: Iterable[str]
) -> dict[str, Any]:
    """`body` without its read-only members. Raises ValidationFailed for those that differ."""
    if not isinstance(body, Mapping):
        fault = Fault("", "Send an object.", "TYPE")
        raise ValidationFailed("The body must be a JSON object.", errors=[fault])
    readonly = set(stored) - set(writable)
    faults = [
        Fault(f"/{escape(name)}", "Is read-only: leave it out, or send it as it is.", "READ_ONLY")
        for name in body
        if name in readonly and body[name] != stored[name]
    ]
    if faults:
        raise ValidationFailed("Read-only members cannot be changed; see errors.", errors=faults)
    return {name: value for name, value in body.items() if name not in readonly}
