"""The page of one execution."""

from __future__ import annotations

import functools
import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.utils import display_for_label

from executor import selectors
from executor.api.filters import as_uuid
from executor.choices import ExecutionStatus
from executor.models import Attempt, Execution, Payload
from integration_hub.lib import jsonsafe

SHOWN_CHARS = 100_000
_COLOURS = {
    ExecutionStatus.RECEIVED: "info",
    ExecutionStatus.QUEUED: "info",
    ExecutionStatus.EXECUTING: "info",
    ExecutionStatus.RETRYING: "warning",
    ExecutionStatus.COMPLETED: "success",
    ExecutionStatus.FAILED: "danger",
    ExecutionStatus.REJECTED: "warning",
    ExecutionStatus.CANCELLED: "warning",
    ExecutionStatus.OUTCOME_UNKNOWN: "danger",
}
_PHASES = {"connect_ms": "connect", "wait_ms": "wait", "read_ms": "read"}


def execution_page(
    model_admin: admin.ModelAdmin[Execution], request: HttpRequest, object_id: str
) -> HttpResponse:
    """Everything that is kept of one execution; what is masked stays masked, for everyone."""
    key = as_uuid(object_id)
    execution = Execution.objects.filter(pk=key).first() if key else None
    if execution is None:
        raise Http404
    if not model_admin.has_view_permission(request, execution):
        raise PermissionDenied
    payload = Payload.objects.filter(pk=execution.pk).first()
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": execution,
        "title": f"{execution.instance_slug} · {execution.method}",
        "execution": execution,
        "badge": badge_of(execution),
        "facts": _facts(execution),
        "attempts": _attempts(execution, payload),
        "parameters": pretty(selectors.parameters_of(payload, unmasked=False)),
        "data": pretty(selectors.data_of(payload, unmasked=False)),
        "purged": payload is None,
        **_error(execution),
    }
    return TemplateResponse(request, "admin/executor/execution.html", context)


@functools.cache
def _badge(status: str, label: str) -> SafeString:
    shown: SafeString = display_for_label((status, label), "", _COLOURS)
    return shown


def badge_of(execution: Execution) -> SafeString:
    """The state as lists and pages show it."""
    return _badge(execution.status, execution.get_status_display())


def duration(milliseconds: float | None) -> str:
    """Three digits that matter and a unit."""
    if milliseconds is None:
        return "—"
    if milliseconds < 1_000:
        return f"{milliseconds:.3g} ms"
    return f"{milliseconds / 1_000:.1f} s"


def pretty(value: Any) -> str:
    """JSON for people, cut where a page would no longer be one."""
    if value is None:
        return ""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "\n… (cut here)"


def _error(execution: Execution) -> dict[str, Any]:
    """The problem in words: what happened, what to do, and the whole of it for machines."""
    if not execution.error:
        return {"problem": None}
    problem = jsonsafe.loads(execution.error)
    return {"problem": problem, "advice": _advice(execution, problem), "error": pretty(problem)}


def _advice(execution: Execution, problem: dict[str, Any]) -> str:
    if execution.status == ExecutionStatus.OUTCOME_UNKNOWN:
        return "The request may have arrived. Look in the external system before calling again."
    if execution.status == ExecutionStatus.CANCELLED:
        return ""
    if problem.get("code") == "AUTH_ERROR":
        return "The external system does not take the credential: store a valid one."
    if problem.get("retryable"):
        return "The same call may be sent again."
    return "Sent again as it is, this call would end the same way."


def _facts(execution: Execution) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [
        ("Execution", execution.pk),
        ("Definition", execution.definition_ref),
        ("Mode", execution.get_mode_display()),
        ("Started by", execution.caller_name or execution.caller),
        ("Correlation id", execution.correlation_id),
        ("Request id", execution.request_id),
        ("Created", execution.created_at),
        ("Started", execution.started_at),
        ("Finished", execution.finished_at),
        ("Took", duration(execution.duration_ms) if execution.is_final else None),
        ("Beside the attempts", _phases(execution)),
        ("Next try", execution.due_at if not execution.is_final else None),
        ("Credential", _credential(execution)),
        ("Replay of", execution.replay_of),
        ("Metadata", "" if execution.metadata == "{}" else execution.metadata),
    ]
    return [(name, value) for name, value in found if value not in (None, "")]


def _phases(execution: Execution) -> str:
    told = jsonsafe.loads(execution.timings) if execution.timings else {}
    return ", ".join(f"{name.removesuffix('_ms')} {duration(ms)}" for name, ms in told.items())


def _credential(execution: Execution) -> str:
    if execution.credential_id is None:
        return ""
    return f"{execution.credential_id}, revision {execution.credential_revision}"


def _attempts(execution: Execution, payload: Payload | None) -> list[dict[str, Any]]:
    """The timeline: each attempt with what it sent and got."""
    kept = jsonsafe.loads(payload.exchanges) if payload is not None else []
    exchanges = {item["number"]: item for item in kept}
    rows = Attempt.objects.filter(execution_id=execution.pk).order_by("number", "id")
    return [
        {
            "row": row,
            "tone": "bad" if row.code else "ok",
            "took": duration(row.duration_ms),
            "phases": [
                (_PHASES.get(name, name), duration(ms))
                for name, ms in jsonsafe.loads(row.timings).items()
            ],
            "request": pretty(exchanges.get(row.number, {}).get("request")),
            "response": pretty(exchanges.get(row.number, {}).get("response")),
        }
        for row in rows
    ]
