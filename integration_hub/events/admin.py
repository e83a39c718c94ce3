"""Events and sinks in the admin: what was published, to whom it went, who is told."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.utils import display_for_label

from integration_hub.events import redelivery, sink_services
from integration_hub.events.admin_forms import SinkForm
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.lib import jsonsafe

_COLOURS = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.DELIVERED: "success",
    DeliveryStatus.DEAD: "danger",
}


class DeliveryInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """How far each sink is with one event."""

    model = Delivery
    fields = ("sink", "state", "attempts", "due_at", "delivered_at", "last_error")
    readonly_fields = fields
    extra = 0
    hide_title = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    @admin.display(description="Status")
    def state(self, row: Delivery) -> SafeString:
        value = (row.status, DeliveryStatus(row.status).label)
        shown: SafeString = display_for_label(value, "", _COLOURS)
        return shown


@admin.register(Event)
class EventAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Read-only: an event is a fact."""

    list_display = ("created_at", "type", "subject", "fanned_out", "id")
    list_filter = ("type",)
    search_fields = ("subject__exact", "id__exact")
    search_help_text = "A subject (an instance's slug) or an id, whole."
    ordering = ("-id",)
    show_full_result_count = False
    fields = ("id", "created_at", "type", "subject", "document", "fanned_out")
    readonly_fields = fields
    inlines = (DeliveryInline,)
    actions = ("redeliver",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    @admin.display(description="Data")
    def document(self, event: Event) -> SafeString:
        text = json.dumps(jsonsafe.loads(event.data), indent=2, ensure_ascii=False)
        return format_html('<pre class="hub-code" tabindex="0">{}</pre>', text)

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_change_permission(request))

    @admin.action(description="Deliver again", permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        actor = _actor(request)
        count = sum(redelivery.redeliver(event=event, actor=actor) for event in queryset)
        self.message_user(request, f"Deliveries planned again: {count}.")


@admin.register(EventSink)
class EventSinkAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A secret of a config is written here and never shown."""

    form = SinkForm
    list_display = ("name", "type", "enabled", "waiting", "updated_at")
    search_fields = ("name",)
    fields = ("name", "type", "config", "filters", "enabled", "created_at", "updated_at")
    readonly_fields = ("created_at", "updated_at")
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = Delivery.objects.filter(sink=OuterRef("pk"), status=DeliveryStatus.PENDING)
        counted = waiting.order_by().values("sink").annotate(count=Count("pk")).values("count")
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.annotate(waits=Coalesce(Subquery(counted), 0))

    @admin.display(description="Waiting")
    def waiting(self, sink: EventSink) -> int:
        return int(getattr(sink, "waits", 0))

    def save_model(
        self, request: HttpRequest, obj: EventSink, form: SinkForm, change: bool
    ) -> None:
        """Through the service, so that it is checked, sealed and audited as over REST."""
        actor, document = _actor(request), form.document
        if change:
            sink_services.update_sink(sink_id=obj.pk, change=lambda _: document, actor=actor)
        else:
            obj.pk = sink_services.create_sink(document=document, actor=actor).pk

    def delete_model(self, request: HttpRequest, obj: EventSink) -> None:
        sink_services.delete_sink(sink_id=obj.pk, actor=_actor(request))


def _actor(request: HttpRequest) -> str:
    return f"user:{request.user.pk}"
