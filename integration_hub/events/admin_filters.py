"""What the list of sinks can be narrowed to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from integration_hub.events.home import FAILING
from integration_hub.events.models import EventSink


class SinkStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failing", "Failing, or switched off by the hub")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[EventSink]) -> QuerySet[EventSink]:
        return queryset.filter(FAILING) if self.value() == "failing" else queryset
