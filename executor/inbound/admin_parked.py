"""Parked messages in the admin: why they became no call, and what a person does with them."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from executor.admin.paginator import BoundedPaginator
from executor.inbound import parked
from executor.inbound.models import ParkedMessage
from integration_hub.access.person import actor_of
from integration_hub.lib.errors import HubError
from integration_hub.model_admin import ReadOnlyAdmin

MOST_AGAIN = 100


def more_than(most: int) -> str:
    return f"Only the newest {most} of the chosen rows are taken at once; choose the rest again."


@admin.register(ParkedMessage)
class ParkedMessageAdmin(ReadOnlyAdmin):
    """Read-only: what could not become a call, and why. Mended, it is processed again."""

    list_display = ("created_at", "queue", "event_id", "code", "reason")
    list_filter = ("code",)
    sortable_by = ()
    search_fields = ("event_id__exact", "queue__exact")
    search_help_text = "An event's id or a queue, whole."
    ordering = ("-id",)
    paginator = BoundedPaginator
    show_full_result_count = False
    fields = ("id", "created_at", "broker", "queue", "event_id", "code", "reason", "size", "would")
    readonly_fields = fields
    actions = ("process", "discard")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ParkedMessage]:
        rows: QuerySet[ParkedMessage] = super().get_queryset(request)
        return rows.defer("raw")

    def has_process_permission(self, request: HttpRequest) -> bool:
        return self.has_right_to_change(request)

    @admin.display(description="Processed again it would")
    def would(self, row: ParkedMessage) -> str:
        try:
            asked = parked.asks_for(row)
        except HubError as error:
            return error.detail
        whom = asked.get("instance") or asked.get("integration")
        if not whom or "method" not in asked:
            return "be refused again: it names no instance and method."
        return f"call {asked['method']} of {whom}, once."

    @admin.action(
        description="Process again: make the calls that these messages ask for",
        permissions=["process"],
    )
    def process(self, request: HttpRequest, queryset: QuerySet[ParkedMessage]) -> None:
        """Each that stays parked says why."""
        done = 0
        for row in self._chosen(request, queryset):
            try:
                said = parked.process_again(message_id=row.pk, actor=actor_of(request))
            except HubError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
                continue
            done += said.accepted
            if not said.accepted:
                told = f"{row} stays parked ({said.code}): {said.reason}"
                self.message_user(request, told, messages.ERROR)
        self.message_user(request, f"Messages that are calls now: {done}.")

    @admin.action(
        description="Discard: remove these messages and what they hold, for good",
        permissions=["process"],
    )
    def discard(self, request: HttpRequest, queryset: QuerySet[ParkedMessage]) -> None:
        done = 0
        for row in self._chosen(request, queryset):
            try:
                parked.discard(message_id=row.pk, actor=actor_of(request))
            except HubError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
            else:
                done += 1
        self.message_user(request, f"Messages discarded: {done}.")

    def _chosen(
        self, request: HttpRequest, queryset: QuerySet[ParkedMessage]
    ) -> list[ParkedMessage]:
        """Up to as many as are taken at once; that there are more is said."""
        rows = list(queryset[: MOST_AGAIN + 1])
        if len(rows) > MOST_AGAIN:
            self.message_user(request, more_than(MOST_AGAIN), messages.WARNING)
        return rows[:MOST_AGAIN]
