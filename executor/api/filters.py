"""Filters of the execution log; each is on an index or bounded by one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet

from executor.choices import ExecutionStatus
from integration_hub.api.filters import CreatedFilterSet


class ExecutionFilterSet(CreatedFilterSet):
    instance = django_filters.CharFilter(method="filter_instance", label="Slug or id.")
    method = django_filters.CharFilter()
    status = django_filters.MultipleChoiceFilter(choices=ExecutionStatus.choices)
    code = django_filters.CharFilter()
    correlation_id = django_filters.CharFilter()
    caller = django_filters.CharFilter(method="filter_caller", label="Owner or name.")
    min_duration_ms = django_filters.NumberFilter(field_name="duration_ms", lookup_expr="gte")
    search = django_filters.CharFilter(
        method="filter_search", label="An id, a correlation id, an instance or a method."
    )

    def filter_instance(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        key = as_uuid(value)
        return queryset.filter(instance_id=key) if key else queryset.filter(instance_slug=value)

    def filter_caller(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(caller=value) | Q(caller_name=value))

    def filter_search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = Q(correlation_id=value) | Q(instance_slug=value) | Q(method=value)
        key = as_uuid(value)
        return queryset.filter(wanted | Q(pk=key) if key else wanted)


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
