"""The page of an instance's health, and the list of maintenance windows and silences."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from executor.health import history, overview, silences
from executor.health.models import HealthSilence
from executor.health.tally import Grain
from integration_hub.access.person import caller_with
from integration_hub.lib import clock
from integration_hub.lib.errors import HubError
from integration_hub.model_admin import HubAdmin
from registry.choices import Health
from registry.selectors import get_instance

HOURS = 48
_TONES = {
    Health.HEALTHY: "ok",
    Health.DEGRADED: "warn",
    Health.UNHEALTHY: "bad",
    Health.UNKNOWN: "quiet",
}


@require_GET
def health(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Is it sick, since when, why, and what it was like before."""
    caller = caller_with(request, "read")
    try:
        instance = get_instance(str(instance_id), caller)
    except HubError:
        raise Http404 from None
    found = overview.of_instance(instance, caller)
    add = reverse("admin:executor_healthsilence_add")
    context = {
        **admin.site.each_context(request),
        "title": f"Health of {instance.slug}",
        "instance": instance,
        "found": found,
        "uptime": [(name, _percent(share)) for name, share in found["uptime"].items()],
        "tone": _TONES[Health(instance.health)],
        "hours": [_bar(span) for span in reversed(history.spans(instance.pk, Grain.HOUR)[:HOURS])],
        "maintenance_url": f"{add}?instance={instance.pk}" if caller.can("manage") else "",
    }
    return TemplateResponse(request, "admin/executor/health.html", context)


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.2f} %"


def _bar(span: dict[str, Any]) -> dict[str, Any]:
    """One hour: how it was as a whole."""
    tone = "bad" if span["failed"] else "warn" if span["slow"] else "ok"
    return {**span, "tone": tone if span["uptime"] is not None else "quiet"}


class SilenceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = HealthSilence
        fields = ("kind", "instance", "starts_at", "ends_at", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "starts_at" in cleaned and "ends_at" in cleaned:
            try:
                silences.check_times(cleaned["starts_at"], cleaned["ends_at"])
            except HubError as error:
                self.add_error("ends_at", f"This time {error.errors[0].detail}")
        return cleaned


@admin.register(HealthSilence)
class HealthSilenceAdmin(HubAdmin):
    """Added and ended, never changed: what was silent when stays true."""

    form = SilenceForm
    list_display = ("kind", "of", "starts_at", "ends_at", "in_force", "reason", "created_by")
    list_filter = ("kind",)
    list_select_related = ("instance",)
    autocomplete_fields = ("instance",)
    actions = ("end_now",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request))

    @admin.display(description="Instance")
    def of(self, row: HealthSilence) -> str:
        return row.instance.slug if row.instance else "every instance"

    @admin.display(description="In force", boolean=True)
    def in_force(self, row: HealthSilence) -> bool:
        return row.starts_at <= clock.now() < row.ends_at

    def save_model(self, request: HttpRequest, obj: HealthSilence, form: Any, change: bool) -> None:
        """Through the service, so that it is checked and audited as over REST."""
        made = silences.create_silence(
            caller=caller_with(request, "manage"),
            kind=obj.kind,
            instance=str(obj.instance_id) if obj.instance_id else "",
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            reason=obj.reason,
        )
        obj.pk = made.pk

    @admin.action(description="End now", permissions=["end"])
    def end_now(self, request: HttpRequest, queryset: Any) -> None:
        caller, ended = caller_with(request, "manage"), 0
        for row in queryset.filter(ends_at__gt=clock.now()):
            silences.end_silence(caller=caller, silence_id=row.pk)
            ended += 1
        self.message_user(request, f"Ended: {ended}.")
