"""Sinks in the admin, and the log of what each was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.utils import display_for_label

from integration_hub.access.person import actor_of
from integration_hub.events import redelivery, sink_services, trial
from integration_hub.events.admin_filters import SinkStateFilter
from integration_hub.events.admin_forms import SinkForm
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, EventSink, FailedAttempt
from integration_hub.events.sink_state import TOLD_AFTER
from integration_hub.lib import clock
from integration_hub.lib.errors import Conflict
from integration_hub.model_admin import HubAdmin, ReadOnlyAdmin, ReadOnlyInline

_AT_ONCE = 20
_BANNERS = 10
_COLOURS = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.DELIVERED: "success",
    DeliveryStatus.DEAD: "danger",
}
_STATES: Mapping[str, Callable[[EventSink], bool]] = {
    "switched off by the hub": lambda sink: not sink.enabled and bool(sink.disabled_reason),
    "off": lambda sink: not sink.enabled,
    "failing": lambda sink: sink.failing_since is not None,
    "working": lambda sink: sink.succeeded_at is not None,
}
_SINK_COLOURS = {
    "switched off by the hub": "danger",
    "failing": "warning",
    "working": "success",
    "new": "info",
}


def state_of(row: Delivery) -> SafeString:
    """A delivery's status as a label."""
    value = (row.status, DeliveryStatus(row.status).label)
    shown: SafeString = display_for_label(value, "", _COLOURS)
    return shown


@admin.register(EventSink)
class EventSinkAdmin(HubAdmin):
    """A secret of a config is written here and never shown."""

    form = SinkForm
    list_display = ("name", "type", "state", "waiting", "log", "updated_at")
    search_fields = ("name",)
    readonly_fields = (
        "state",
        "log",
        "failing_since",
        "paused_until",
        "disabled_reason",
        "last_error",
        "created_at",
        "updated_at",
    )
    fields = ("name", "type", "config", "filters", "enabled", *readonly_fields)
    list_filter = ("type", "enabled", SinkStateFilter)
    actions = ("send_test_event", "redeliver_failed")

    def get_actions(self, request: HttpRequest) -> Any:
        """Sinks are deleted one by one: each deletion is audited."""
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_change_permission(request))

    @admin.action(description="Send test event", permissions=["redeliver"])
    def send_test_event(self, request: HttpRequest, queryset: QuerySet[EventSink]) -> None:
        for sink in queryset[:_AT_ONCE]:
            done = trial.send_test_event(sink=sink, actor=actor_of(request))
            said = f"{sink.name}: {done.detail} ({done.duration_ms:.0f} ms)"
            level = messages.SUCCESS if done.ok else messages.ERROR
            self.message_user(request, said, level=level)

    @admin.action(
        description="Deliver again what failed in the last 7 days", permissions=["redeliver"]
    )
    def redeliver_failed(self, request: HttpRequest, queryset: QuerySet[EventSink]) -> None:
        which = redelivery.Which(since=clock.now() - timedelta(days=7))
        for sink in queryset[:_AT_ONCE]:
            count = redelivery.redeliver_many(sink=sink, which=which, actor=actor_of(request))
            self.message_user(request, f"{sink.name}: deliveries planned again: {count}.")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With a banner for each sink that the hub switched off, or that fails for long."""
        if request.method == "GET":
            for sink in _sick():
                self.message_user(request, _sickness(sink), level=messages.WARNING)
        shown: HttpResponse = super().changelist_view(request, extra_context)
        return shown

    @admin.display(description="State")
    def state(self, sink: EventSink) -> SafeString:
        value = next((name for name, holds in _STATES.items() if holds(sink)), "new")
        shown: SafeString = display_for_label((value, value), "", _SINK_COLOURS)
        return shown

    @admin.display(description="Deliveries")
    def log(self, sink: EventSink) -> SafeString:
        address = reverse("admin:events_delivery_changelist")
        return format_html('<a href="{}?sink__id__exact={}">Delivery log</a>', address, sink.pk)

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = Delivery.objects.filter(sink=OuterRef("pk"), status=DeliveryStatus.PENDING)
        counted = waiting.order_by().values("sink").annotate(count=Count("pk")).values("count")
        rows: QuerySet[Any] = super().get_queryset(request).filter(owner="")
        return rows.annotate(waits=Coalesce(Subquery(counted), 0))

    @admin.display(description="Waiting")
    def waiting(self, sink: EventSink) -> int:
        return int(getattr(sink, "waits", 0))

    def save_model(
        self, request: HttpRequest, obj: EventSink, form: SinkForm, change: bool
    ) -> None:
        """Through the service, so that it is checked, sealed and audited as over REST."""
        actor, document = actor_of(request), form.document
        if change:
            sink_services.update_sink(sink_id=obj.pk, change=lambda _: document, actor=actor)
        else:
            obj.pk = sink_services.create_sink(document=document, actor=actor).pk

    def delete_model(self, request: HttpRequest, obj: EventSink) -> None:
        sink_services.delete_sink(sink_id=obj.pk, actor=actor_of(request))


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


def _sick() -> QuerySet[EventSink]:
    off = Q(enabled=False) & ~Q(disabled_reason="")
    long = Q(enabled=True, failing_since__lt=clock.now() - TOLD_AFTER)
    return EventSink.objects.filter(off | long, owner="").defer("secret")[:_BANNERS]


def _sickness(sink: EventSink) -> str:
    if not sink.enabled:
        return f"The hub switched {sink.name} off. {sink.disabled_reason}"
    since = f"{sink.failing_since:%Y-%m-%d %H:%M}"
    return f"{sink.name} takes no events since {since} UTC. {sink.last_error}"
