"""The page of an instance's circuits: how they stand, why, and what an operator may set."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods

from executor import circuit_control
from executor.api import envelope
from executor.api.docs import circuits as circuit_docs
from integration_hub.access.person import caller_with
from integration_hub.coordination import revision
from integration_hub.lib.errors import HubError
from registry import runtime

_TONES = {"closed": "ok", "half_open": "warn", "disabled": "warn"}
_OFFERED = {
    "closed": ("forced_open", "disabled", "closed"),
    "open": ("closed", "forced_open", "disabled"),
    "half_open": ("closed", "forced_open", "disabled"),
    "forced_open": ("closed", "disabled"),
    "disabled": ("closed", "forced_open"),
}
_LABELS = {"forced_open": "Force open", "disabled": "Switch off", "closed": "Reset"}


@require_http_methods(["GET", "POST"])
def circuits(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """The circuits of one instance; each button is a POST that sets one of them."""
    caller = caller_with(request, "manage")
    with revision.scope():
        try:
            instance = runtime.by_ref(str(instance_id), caller)
        except HubError:
            raise Http404 from None
        if request.method == "POST":
            _change(request, instance, caller)
            return redirect(reverse("admin:executor_execution_circuits", args=[instance_id]))
        found = circuit_control.overview(instance)
    shown = {row["scope"]: row for row in found["results"]}
    rows = [shown.get(name) or _unused(name) for name in sorted(instance.methods)]
    context = {
        **admin.site.each_context(request),
        "title": f"Circuits of {instance.slug}",
        "instance": instance,
        "rows": [_row(row) for row in rows],
        "host": _row(found["host"]) if found["host"] else None,
        "holds": found["holds"],
        "every": circuit_control.EVERY,
        "history": [{**row, "at": parse_datetime(row["at"])} for row in found["history"]],
    }
    return TemplateResponse(request, "admin/executor/circuits.html", context)


def _change(request: HttpRequest, instance: runtime.RuntimeInstance, caller: Any) -> None:
    given = {name: request.POST.get(name, "") for name in ("scope", "state", "reason")}
    try:
        envelope.check(given, circuit_docs.CHANGE_BODY)
        state = cast("circuit_control.Wanted", given["state"])
        circuit_control.change(
            instance=instance,
            state=state,
            scope=given["scope"],
            reason=given["reason"],
            caller=caller,
        )
    except HubError as error:
        messages.error(request, error.detail)
        return
    name = given["scope"] or "every method"
    messages.success(request, f"{_LABELS[given['state']]}: {name}")


def _unused(name: str) -> dict[str, Any]:
    return {
        "scope": name,
        "state": "closed",
        "retry_after": 0.0,
        "since": None,
        "reason": "",
        "by": None,
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    state = row["state"]
    return {
        **row,
        "since": parse_datetime(row["since"]) if row["since"] else None,
        "label": state.replace("_", " "),
        "tone": _TONES.get(state, "bad"),
        "buttons": [(wanted, _LABELS[wanted]) for wanted in _OFFERED[state]],
    }
