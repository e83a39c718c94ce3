"""What the list of credentials can be narrowed to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from credentials import ageing, home
from credentials.models import Credential


class RotationFilter(admin.SimpleListFilter):
    title = "rotation"
    parameter_name = "rotation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", "Due")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Credential]
    ) -> QuerySet[Credential]:
        if self.value() != "due":
            return queryset
        return queryset.filter(pk__in=ageing.due_for_rotation().order_by().values("pk"))


class EndsFilter(admin.SimpleListFilter):
    title = "end"
    parameter_name = "ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("soon", f"Ended, or within {home.SOON.days} days")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Credential]
    ) -> QuerySet[Credential]:
        return home.need_a_person(queryset) if self.value() == "soon" else queryset
