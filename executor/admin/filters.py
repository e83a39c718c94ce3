"""What the list of executions can be narrowed to, by indexes alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from executor.models import Execution
from integration_hub.access.home import WINDOWS, WITHIN
from integration_hub.lib import clock
from integration_hub.lib.ids import floor_id


class WithinFilter(admin.SimpleListFilter):
    """By a range of the key; a window that is not offered is none."""

    title = "time"
    parameter_name = WITHIN

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1h", "The last hour"), ("24h", "The last 24 hours"), ("7d", "The last 7 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Execution]) -> QuerySet[Execution]:
        window = WINDOWS.get(self.value() or "")
        if window is None:
            return queryset
        return queryset.filter(pk__gte=floor_id(clock.now() - window))
