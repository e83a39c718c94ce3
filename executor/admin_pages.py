"""The page of one execution."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from executor import selectors
from executor.api.filters import as_uuid
from executor.choices import ExecutionStatus
from executor.models import Attempt, Execution, Payload
from integration_hub.lib import jsonsafe

SHOWN_CHARS = 100_000


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
        "title": f"{execution.instance_slug} · {execution.method}",
        "execution": execution,
        "tone": tone_of(execution.status),
        "facts": _facts(execution),
        "attempts": _attempts(execution, payload),
        "parameters": pretty(selectors.parameters_of(payload, unmasked=False)),
        "data": pretty(selectors.data_of(payload, unmasked=False)),
        "purged": payload is None,
        "error": pretty(jsonsafe.loads(execution.error)) if execution.error else "",
    }
    return TemplateResponse(request, "admin/executor/execution.html", context)


def tone_of(status: str) -> str:
    """How a state is coloured."""
    if status == ExecutionStatus.COMPLETED:
        return "ok"
    return "bad" if status in {ExecutionStatus.FAILED, ExecutionStatus.OUTCOME_UNKNOWN} else "warn"


def pretty(value: Any) -> str:
    """JSON for people, cut where a page would no longer be one."""
    if value is None:
        return ""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "\n… (cut here)"


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
        ("Duration, ms", execution.duration_ms),
        ("Next try", execution.due_at if not execution.is_final else None),
        ("Credential", _credential(execution)),
        ("Replay of", execution.replay_of),
        ("Metadata", "" if execution.metadata == "{}" else execution.metadata),
    ]
    return [(name, value) for name, value in found if value not in (None, "")]


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
            "timings": jsonsafe.loads(row.timings),
            "request": pretty(exchanges.get(row.number, {}).get("request")),
            "response": pretty(exchanges.get(row.number, {}).get("response")),
        }
        for row in rows
    ]
