"""Events and sinks in the admin: what was published, to whom it went, who is told."""

from __future__ import annotations

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integration_hub.access.home import home_cards
from integration_hub.access.person import actor_of
from integration_hub.events import admin_sinks, home, redelivery
from integration_hub.events.admin_deliveries import DeliveryAdmin, state_of
from integration_hub.events.models import Delivery, Event
from integration_hub.lib import jsonsafe
from integration_hub.model_admin import ReadOnlyAdmin, ReadOnlyInline

home_cards.add("events", home.cards)

AT_ONCE = 1_000

__all__ = ["DeliveryAdmin", "DeliveryInline", "EventAdmin", "admin_sinks"]


class DeliveryInline(ReadOnlyInline):
    """How far each sink is with one event."""

    model = Delivery
    fields = ("sink", "state", "attempts", "due_at", "delivered_at", "last_error")
    readonly_fields = fields
    hide_title = True

    @admin.display(description="Status")
    def state(self, row: Delivery) -> SafeString:
        return state_of(row)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
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

    @admin.display(description="Data")
    def document(self, event: Event) -> SafeString:
        text = json.dumps(jsonsafe.loads(event.data), indent=2, ensure_ascii=False)
        return format_html('<pre class="hub-code" tabindex="0">{}</pre>', text)

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return self.has_right_to_change(request)

    @admin.action(description="Deliver again", permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        """Of the newest chosen; the rest is told of, and can be chosen again."""
        actor, chosen = actor_of(request), list(queryset.order_by("-id")[: AT_ONCE + 1])
        events = chosen[:AT_ONCE]
        count = sum(redelivery.redeliver(event=event, actor=actor) for event in events)
        self.message_user(request, f"Deliveries planned again: {count}.")
        if len(chosen) > AT_ONCE:
            told = f"Only the newest {AT_ONCE} of the chosen events are delivered again at once."
            self.message_user(request, told, messages.WARNING)
