"""The execution log in the admin: read-only, and the pages that call through the same service."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from credentials.page_links import credential_links
from executor.admin import (
    actions as bulk,
)
from executor.admin import (
    circuits,
    credentials,
    errors,
    health,
    home,
    home_certificates,
    home_guard,
    home_queue,
    links,
    live,
    pages,
    views,
)
from executor.admin.filters import WithinFilter
from executor.admin.paginator import BoundedPaginator
from executor.api.filters import as_uuid
from executor.models import Execution
from integration_hub.access.home import home_cards
from integration_hub.access.person import caller_of
from integration_hub.model_admin import ReadOnlyAdmin
from registry.instance_links import instance_links

instance_links.add("circuits", links.circuits_link)
instance_links.add("drift", links.drift_link)
instance_links.add("errors", links.errors_link)
instance_links.add("health", links.health_link)
instance_links.add("log", links.log_link)
instance_links.add("test", links.test_link)
instance_links.add("try", links.try_link)
home_cards.add("calls", home.cards)
home_cards.add("certificates", home_certificates.cards)
home_cards.add("guard", home_guard.cards)
home_cards.add("queue", home_queue.cards)
credential_links.add("rotate", credentials.rotate_link)
credential_links.add("test", credentials.test_link)


_OF_INSTANCE = "<uuid:instance_id>/"
_PAGES = (
    ("live/", live.live, "executor_execution_live"),
    ("try/", views.try_method, "executor_execution_try"),
    ("errors/", errors.errors, "executor_execution_errors"),
    (f"circuits/{_OF_INSTANCE}", circuits.circuits, "executor_execution_circuits"),
    (f"health/{_OF_INSTANCE}", health.health, "executor_execution_health"),
    (f"test/{_OF_INSTANCE}", views.test_connection, "executor_execution_test"),
    (
        f"credential/{_OF_INSTANCE}test/",
        credentials.test_credential,
        "executor_credential_test",
    ),
    (
        f"credential/{_OF_INSTANCE}rotate/",
        credentials.rotate_credential,
        "executor_credential_rotate",
    ),
)


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin):
    list_display = (
        *("created_at", "instance", "method", "state", "code"),
        *("mode", "attempts", "took", "started_by", "correlation"),
    )
    list_display_links = ("created_at", "instance")
    sortable_by = ()  # by time alone: any other order would read the whole log
    list_filter = ("status", WithinFilter)  # any without an index would read the whole log
    search_fields = ("id", "correlation_id")
    search_help_text = "An id, a correlation id, an instance's slug or a method's name, whole."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    actions = (bulk.replay_chosen, bulk.cancel_chosen, bulk.export_chosen)
    list_fullwidth = True

    @admin.display(description="Instance")
    def instance(self, row: Execution) -> str:
        return row.instance_slug

    @admin.display(description="Status")
    def state(self, row: Execution) -> SafeString:
        return pages.badge_of(row)

    @admin.display(description="Took")
    def took(self, row: Execution) -> str:
        return pages.duration(row.duration_ms)

    @admin.display(description="Started by")
    def started_by(self, row: Execution) -> str:
        return row.caller_name or row.caller

    @admin.display(description="Correlation id")
    def correlation(self, row: Execution) -> str:
        return row.correlation_id or "—"

    def has_execute_permission(self, request: HttpRequest) -> bool:
        return caller_of(request).can("execute")

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
        wrap = self.admin_site.admin_view
        own = [path(route, wrap(view), name=name) for route, view, name in _PAGES]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """One execution with its attempts, bodies and error."""
        return pages.execution_page(self, request, object_id)
