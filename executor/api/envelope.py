"""The body of an execute call: read strictly, every fault at once with its pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from executor.calls import DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, MAX_WAIT_MS, CallOptions
from executor.choices import Mode, Priority
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.near import near_names
from integration_hub.lib.pointers import escape
from integration_hub.lib.schema import validator_of

METADATA_BYTES = 16 * 1024
PLAIN = "^[^\\u0000-\\u001f\\u007f]*$"

OPTIONS: dict[str, Any] = {
    "parameters": {
        "type": "object",
        "default": {},
        "description": "What the method takes: see its param_schema.",
    },
    "mode": {
        "type": "string",
        "enum": Mode.values,
        "default": Mode.SYNC.value,
        "description": "`sync` answers with the result, `async` with 202 and an id.",
    },
    "timeout_ms": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_TIMEOUT_MS,
        "default": DEFAULT_TIMEOUT_MS,
        "description": "Bounds the whole execution, waits and refresh included.",
    },
    "max_wait_ms": {
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_WAIT_MS,
        "default": 0,
        "description": "The most a sync call waits for a rate or concurrency slot.",
    },
    "not_before": {
        "type": "string",
        "format": "date-time",
        "description": "Async only: not run before this time.",
    },
    "priority": {
        "type": "string",
        "enum": Priority.values,
        "default": Priority.INTERACTIVE.value,
    },
    "correlation_id": {
        "type": "string",
        "maxLength": 200,
        "pattern": PLAIN,
        "description": "Yours, to find the execution by.",
    },
    "callback_url": {
        "type": "string",
        "format": "uri",
        "pattern": "^https?://",
        "maxLength": 2000,
        "description": "Told by POST when the execution ends, with its event; signed as "
        "Standard Webhooks with the secret that was shown with the token.",
    },
    "metadata": {
        "type": "object",
        "description": f"Yours, returned as it is; at most {METADATA_BYTES} bytes.",
    },
}

_WHO = {"type": "string", "maxLength": 120, "pattern": PLAIN}
BY_CONTEXT: dict[str, Any] = {
    "integration": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "pattern": PLAIN,
        "description": "`slug`, `slug@1.2.0` or a range `slug@^1.2`.",
    },
    "method": {"type": "string", "minLength": 1, "maxLength": 120, "pattern": PLAIN},
    "context": {
        "type": "object",
        "properties": {"client_id": _WHO, "user_id": _WHO},
        "additionalProperties": False,
    },
}

EXECUTE: dict[str, Any] = {
    "type": "object",
    "properties": OPTIONS,
    "additionalProperties": False,
}
EXECUTE_BY_CONTEXT: dict[str, Any] = {
    "type": "object",
    "required": ["integration", "method"],
    "properties": {
        **BY_CONTEXT,
        **OPTIONS,
    },
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A body that is in order."""

    parameters: Mapping[str, Any]
    options: CallOptions
    integration: str = ""
    method: str = ""
    context: Mapping[str, Any] | None = None


def read(body: Any, schema: Mapping[str, Any] = EXECUTE) -> Envelope:
    """Raises ValidationFailed with every fault; an unknown member names those near it."""
    faults = [*_unknown(body, schema), *_known_faults(body, schema)]
    not_before = None
    if not faults:
        not_before, faults = _time_of(body)
        faults += _metadata_faults(body)
    if faults:
        raise ValidationFailed(
            f"The body is wrong in {len(faults)} place(s); nothing was sent.", errors=faults
        )
    options = CallOptions(
        mode=Mode(body.get("mode", Mode.SYNC)),
        timeout_ms=int(body.get("timeout_ms", DEFAULT_TIMEOUT_MS)),  # 5000.0 is an integer too
        max_wait_ms=int(body.get("max_wait_ms", 0)),
        not_before=not_before,
        priority=Priority(body.get("priority", Priority.INTERACTIVE)),
        correlation_id=body.get("correlation_id", ""),
        callback_url=body.get("callback_url", ""),
        metadata=body.get("metadata", {}),
    )
    return Envelope(
        parameters=body.get("parameters", {}),
        options=options,
        integration=body.get("integration", ""),
        method=body.get("method", ""),
        context=body.get("context"),
    )


def check(body: Any, schema: Mapping[str, Any]) -> None:
    """Raises ValidationFailed unless `body` fits `schema`, unknown members included."""
    faults = [*_unknown(body, schema), *_known_faults(body, schema)]
    if faults:
        raise ValidationFailed(f"The body is wrong in {len(faults)} place(s).", errors=faults)


def _unknown(body: Any, schema: Mapping[str, Any]) -> list[Fault]:
    if not isinstance(body, dict):
        return []
    known = schema["properties"]
    return [
        Fault(f"/{escape(name)}", _unknown_sentence(name, known), "UNKNOWN")
        for name in list(body)[:100]
        if name not in known
    ]


def _unknown_sentence(name: str, known: Mapping[str, Any]) -> str:
    near = near_names(name, known)
    return (
        f"is no member of this body; did you mean {', '.join(near)}?"
        if near
        else (f"is no member of this body; it takes {', '.join(known)}.")
    )


def _known_faults(body: Any, schema: Mapping[str, Any]) -> tuple[Fault, ...]:
    if isinstance(body, dict):
        body = {name: item for name, item in body.items() if name in schema["properties"]}
    return validator_of(schema).faults(body)


def _time_of(body: Mapping[str, Any]) -> tuple[datetime | None, list[Fault]]:
    text = body.get("not_before")
    if text is None:
        return None, []
    if body.get("mode") != Mode.ASYNC:
        return None, [Fault("/not_before", "works with mode async only.", "MODE")]
    try:
        found = parse_datetime(text)
        if found is not None:
            return found.astimezone(UTC), []
    except (ValueError, OverflowError):
        pass  # a leap second, or a year that the calendar has not: said below
    return None, [Fault("/not_before", "is no time that can be waited for.", "FORMAT")]


def _metadata_faults(body: Mapping[str, Any]) -> list[Fault]:
    if len(jsonsafe.dumps(body.get("metadata", {}))) <= METADATA_BYTES:
        return []
    return [Fault("/metadata", f"is larger than {METADATA_BYTES} bytes.", "SIZE")]
