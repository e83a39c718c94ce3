"""Filters of lists. A parameter that a list does not know is 400, with near names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework.filters import BaseFilterBackend, OrderingFilter
from rest_framework.request import Request

from integration_hub.api.pagination import IdCursorPagination, bad_parameter
from integration_hub.api.translate import serializer_faults, summary
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.ids import floor_id
from integration_hub.lib.near import near_names
from integration_hub.lib.pointers import escape

if TYPE_CHECKING:
    # DRF imports this module while it builds its own views.
    from rest_framework.views import APIView

_COMMON = frozenset({"page_size", "search", "ordering"})


class KnownParameters(BaseFilterBackend):
    """Refuses what a list would silently ignore: a misspelt filter must not list everything."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        if getattr(view, "action", None) in (None, "list"):
            check_parameters(request, known_parameters(view))
        return queryset


def known_parameters(view: APIView) -> frozenset[str]:
    """Every query parameter that the list of this view reads."""
    filterset = getattr(view, "filterset_class", None)
    names = set(filterset.base_filters) if filterset else set(getattr(view, "filterset_fields", ()))
    pager = getattr(view, "pagination_class", None)
    names.add("cursor" if pager is not None and issubclass(pager, IdCursorPagination) else "page")
    return _COMMON | names | getattr(view, "query_parameters", frozenset())


def check_parameters(request: Request, known: frozenset[str]) -> None:
    """Raise ValidationFailed that lists every unknown query parameter."""
    unknown = [name[:100] for name in sorted(set(request.query_params) - known)][:100]
    if not unknown:
        return
    faults = [
        Fault(f"/{escape(name)}", "is no parameter of this list", "QUERY") for name in unknown
    ]
    raise ValidationFailed(
        f"Unknown query parameter {unknown[0]!r}; this list takes {', '.join(sorted(known))}.",
        errors=faults,
        suggestions=near_names(unknown[0], known),
    )


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]  # django-filter has no types
    """django-filter whose refusals are problem documents with a pointer each."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            faults = tuple(serializer_faults(dict(filterset.errors)))
            raise ValidationFailed(summary(faults), errors=faults)
        found: QuerySet[Any] = filterset.qs
        return found


class StrictOrdering(OrderingFilter):
    """An unknown name is 400, not ignored; equal rows keep one order, so no page overlaps."""

    def remove_invalid_fields(
        self, queryset: QuerySet[Any], fields: Iterable[str], view: APIView, request: Request
    ) -> list[str]:
        valid = self.get_valid_fields(queryset, view, {"request": request})
        known = sorted(str(name) for name, _ in valid)
        wanted = list(fields)
        wrong = [name for name in wanted if name.removeprefix("-") not in known]
        if wrong:
            raise bad_parameter("ordering", f"takes {', '.join(known)}, each also with -")
        return wanted

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        ordering = self.get_ordering(request, queryset, view)
        return queryset.order_by(*ordering, "pk") if ordering else queryset


class CreatedFilterSet(FilterSet):  # type: ignore[misc]  # django-filter has no types
    """`created_after` and `created_before` as ranges of the UUIDv7 key: no further index."""

    created_after = django_filters.IsoDateTimeFilter(method="filter_after")
    created_before = django_filters.IsoDateTimeFilter(method="filter_before")

    def filter_after(self, queryset: QuerySet[Any], name: str, value: datetime) -> QuerySet[Any]:
        return queryset.filter(id__gte=floor_id(value))

    def filter_before(self, queryset: QuerySet[Any], name: str, value: datetime) -> QuerySet[Any]:
        return queryset.filter(id__lt=floor_id(value))
