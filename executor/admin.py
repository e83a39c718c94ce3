"""The execution log in the admin: read-only, and the pages that call through the same service."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from credentials.page_links import credential_links
from executor import (
    admin_actions,
    admin_circuits,
    admin_credentials,
    admin_errors,
    admin_health,
    admin_links,
    admin_live,
    admin_pages,
    admin_views,
)
from executor.api.filters import as_uuid
from executor.models import Execution, ResultDrift
from registry.instance_links import instance_links

COUNTED = 10_000

instance_links.add("circuits", admin_links.circuits_link)
instance_links.add("drift", admin_links.drift_link)
instance_links.add("errors", admin_links.errors_link)
instance_links.add("health", admin_links.health_link)
instance_links.add("log", admin_links.log_link)
instance_links.add("test", admin_links.test_link)
instance_links.add("try", admin_links.try_link)
credential_links.add("rotate", admin_credentials.rotate_link)
credential_links.add("test", admin_credentials.test_link)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts no further than 10,000 rows, so that a page costs the same however long the log is."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: COUNTED + 1].count())


@admin.register(Execution)
class ExecutionAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = (
        *("created_at", "instance", "method", "state", "code"),
        *("mode", "attempts", "took", "started_by", "correlation"),
    )
    list_display_links = ("created_at", "instance")
    sortable_by = ()  # by time alone: any other order would read the whole log
    list_filter = ("status",)  # any without an index would read the whole log
    search_fields = ("id", "correlation_id")
    search_help_text = "An id, a correlation id, an instance's slug or a method's name, whole."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    actions = (
        admin_actions.replay_chosen,
        admin_actions.cancel_chosen,
        admin_actions.export_chosen,
    )
    list_fullwidth = True

    @admin.display(description="Instance")
    def instance(self, row: Execution) -> str:
        return row.instance_slug

    @admin.display(description="Status")
    def state(self, row: Execution) -> SafeString:
        return admin_pages.badge_of(row)

    @admin.display(description="Took")
    def took(self, row: Execution) -> str:
        return admin_pages.duration(row.duration_ms)

    @admin.display(description="Started by")
    def started_by(self, row: Execution) -> str:
        return row.caller_name or row.caller

    @admin.display(description="Correlation id")
    def correlation(self, row: Execution) -> str:
        return row.correlation_id or "—"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Execution | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Execution | None = None) -> bool:
        return False

    def has_execute_permission(self, request: HttpRequest) -> bool:
        return admin_actions.caller_of(request).can("execute")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Whole values only: each is on an index, a part of one would read the whole log."""
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted = Q(correlation_id=term) | Q(instance_slug=term) | Q(method=term)
        key = as_uuid(term)
        return queryset.filter(wanted | Q(pk=key) if key else wanted), False

    def get_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        own = [
            path("live/", wrap(admin_live.live), name="executor_execution_live"),
            path("try/", wrap(admin_views.try_method), name="executor_execution_try"),
            path(
                "circuits/<uuid:instance_id>/",
                wrap(admin_circuits.circuits),
                name="executor_execution_circuits",
            ),
            path("errors/", wrap(admin_errors.errors), name="executor_execution_errors"),
            path(
                "health/<uuid:instance_id>/",
                wrap(admin_health.health),
                name="executor_execution_health",
            ),
            path(
                "test/<uuid:instance_id>/",
                wrap(admin_views.test_connection),
                name="executor_execution_test",
            ),
            path(
                "credential/<uuid:instance_id>/test/",
                wrap(admin_credentials.test_credential),
                name="executor_credential_test",
            ),
            path(
                "credential/<uuid:instance_id>/rotate/",
                wrap(admin_credentials.rotate_credential),
                name="executor_credential_rotate",
            ),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """One execution with its attempts, bodies and error."""
        return admin_pages.execution_page(self, request, object_id)


@admin.register(ResultDrift)
class ResultDriftAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("method", "field", "code", "found", "count", "last_at", "definition_ref")
    list_display_links = None
    list_filter = ("code",)
    ordering = ("-last_at",)
    list_per_page = 50
    actions = None

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        return lookup == "instance_id" or bool(super().lookup_allowed(lookup, value, request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
