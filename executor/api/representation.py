"""An execution as the API shows it (contract §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from executor import payloads, selectors
from executor.models import Attempt, Execution, Payload, Resolution
from integration_hub.lib import jsonsafe

# Waiting for the first byte of the answer, and reading the rest.
_UPSTREAM = ("wait_ms", "read_ms")


def summary(execution: Execution) -> dict[str, Any]:
    """Without bodies and attempts: what lists show."""
    key = str(execution.pk)
    return {
        "id": key,
        "execution_id": key,
        "status": execution.status,
        "mode": execution.mode,
        "instance": execution.instance_slug,
        "definition": execution.definition_ref,
        "method": execution.method,
        "error": jsonsafe.loads(execution.error) if execution.error else None,
        "attempts": execution.attempts,
        "priority": execution.priority,
        "correlation_id": execution.correlation_id or None,
        "metadata": jsonsafe.loads(execution.metadata),
        "caller": execution.caller_name or execution.caller,
        "caller_id": execution.caller,
        "replay_of": str(execution.replay_of) if execution.replay_of else None,
        "cancel_requested": execution.cancel_requested,
        "due_at": execution.due_at,
        "created_at": execution.created_at,
        "started_at": execution.started_at,
        "finished_at": execution.finished_at,
        "duration_ms": execution.duration_ms,
    }


def full(
    execution: Execution,
    payload: Payload | None,
    attempts: Iterable[Attempt],
    *,
    resolution: Resolution | None,
    unmasked: bool,
) -> dict[str, Any]:
    """With bodies; `unmasked` for the token that started it."""
    tries = [attempt(row) for row in attempts]
    return {
        **summary(execution),
        "parameters": selectors.parameters_of(payload, unmasked=unmasked),
        "data": selectors.data_of(payload, unmasked=unmasked),
        **payloads.notes_of(payload),
        "timings": phases(execution, [item["timings"] for item in tries]),
        "resolution": _resolution(resolution),
        "attempt_list": tries,
    }


def phases(execution: Execution, tries: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Milliseconds by phase of the whole execution, all its attempts together."""
    told: dict[str, float] = jsonsafe.loads(execution.timings) if execution.timings else {}
    for one in tries:
        for name, spent in one.items():
            phase = "upstream_ms" if name in _UPSTREAM else name
            told[phase] = round(told.get(phase, 0.0) + spent, 3)
    return told


def _resolution(row: Resolution | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"outcome": row.outcome, "note": row.note, "by": row.by, "at": row.at}


def attempt(row: Attempt) -> dict[str, Any]:
    return {
        "number": row.number,
        "started_at": row.started_at,
        "duration_ms": row.duration_ms,
        "status_code": row.status_code,
        "code": row.code or None,
        "timings": jsonsafe.loads(row.timings),
        "request_bytes": row.request_bytes,
        "response_bytes": row.response_bytes,
    }


def payload_of(execution: Execution, payload: Payload, *, unmasked: bool) -> dict[str, Any]:
    """Parameters, result, and what went over the wire (masked for everyone)."""
    return {
        "execution_id": str(execution.pk),
        "parameters": selectors.parameters_of(payload, unmasked=unmasked),
        "data": selectors.data_of(payload, unmasked=unmasked),
        "exchanges": jsonsafe.loads(payload.exchanges),
    }
