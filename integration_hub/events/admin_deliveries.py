"""The log of what each sink was told, in the admin."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.utils import display_for_label

from integration_hub.access.person import actor_of
from integration_hub.events import redelivery
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, FailedAttempt
from integration_hub.lib.errors import Conflict
from integration_hub.model_admin import ReadOnlyAdmin, ReadOnlyInline

_COLOURS = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.DELIVERED: "success",
    DeliveryStatus.DEAD: "danger",
}


def state_of(row: Delivery) -> SafeString:
    """A delivery's status as a label."""
    value = (row.status, DeliveryStatus(row.status).label)
    shown: SafeString = display_for_label(value, "", _COLOURS)
    return shown


class FailedAttemptInline(ReadOnlyInline):
    """What went wrong each time."""

    model = FailedAttempt
    fields = ("number", "started_at", "duration_ms", "status_code", "error", "answer")
    readonly_fields = fields


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Read-only: what each sink was told, and what it answered."""

    list_display = ("id", "sink", "subject", "state", "attempts", "status_code", "due_at")
    list_filter = ("status", "sink__type")
    list_select_related = ("sink",)
    search_fields = ("subject__exact", "event__id__exact")
    search_help_text = "A subject (an instance's slug) or the id of an event, whole."
    ordering = ("-id",)
    show_full_result_count = False
    fields = (
        "event",
        "sink",
        "subject",
        "state",
        "attempts",
        "status_code",
        "due_at",
        "delivered_at",
        "stepped_aside",
        "last_error",
    )
    readonly_fields = fields
    inlines = (FailedAttemptInline,)
    actions = ("redeliver",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "sink__id__exact" or bool(super().lookup_allowed(lookup, value, request))

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return self.has_right_to_change(request)

    @admin.display(description="Status")
    def state(self, row: Delivery) -> SafeString:
        return state_of(row)

    @admin.action(description="Deliver again", permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        done = 0
        for row in queryset.select_related("sink"):
            try:
                redelivery.redeliver_one(delivery=row, actor=actor_of(request))
            except Conflict as conflict:
                self.message_user(request, conflict.detail, level=messages.WARNING)
                continue
            done += 1
        self.message_user(request, f"Deliveries planned again: {done}.")
