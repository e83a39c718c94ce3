"""Filters of the execution log; each is on an index or bounded by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from django.utils.datastructures import MultiValueDict

from executor.choices import ExecutionStatus
from executor.querysets import ExecutionQuerySet
from integration_hub.access.services import owners_named
from integration_hub.api.filters import CreatedFilterSet
from integration_hub.api.translate import serializer_faults, summary
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.pointers import escape
from registry.models import Instance


class ExecutionFilterSet(CreatedFilterSet):
    instance = django_filters.CharFilter(method="filter_instance", label="Slug or id.")
    method = django_filters.CharFilter()
    # Without `distinct`, which would sort the whole log for a filter that doubles no row.
    status = django_filters.MultipleChoiceFilter(choices=ExecutionStatus.choices, distinct=False)
    code = django_filters.CharFilter()
    correlation_id = django_filters.CharFilter()
    caller = django_filters.CharFilter(method="filter_caller", label="Owner or name.")
    min_duration_ms = django_filters.NumberFilter(field_name="duration_ms", lookup_expr="gte")
    search = django_filters.CharFilter(
        method="filter_search", label="An id, a correlation id, an instance or a method."
    )

    replay_of = django_filters.UUIDFilter()

    def filter_instance(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        key = as_uuid(value)
        if key is None:
            return queryset.filter(instance_slug=value)
        slug = Instance.objects.filter(pk=key).values_list("slug", flat=True).first()
        found = queryset.filter(instance_id=key)
        return found.filter(instance_slug=slug) if slug else found  # slugs have the index

    def filter_caller(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(caller__in=[value, *owners_named(value)])

    def filter_search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = Q(correlation_id=value) | Q(instance_slug=value) | Q(method=value)
        key = as_uuid(value)
        return queryset.filter(wanted | Q(pk=key) if key else wanted)


def filtered(rows: ExecutionQuerySet, told: Mapping[str, Any]) -> ExecutionQuerySet:
    """`rows` under the list's filters as a JSON object. Raises ValidationFailed."""
    values = {
        name: [str(item) for item in value] if isinstance(value, list) else [str(value)]
        for name, value in told.items()
    }
    unknown = sorted(set(values) - set(ExecutionFilterSet.base_filters))
    if unknown:
        faults = [Fault(f"/filter/{escape(name)}", "is no filter.", "UNKNOWN") for name in unknown]
        raise ValidationFailed(f"There is no filter {unknown[0][:100]!r}.", errors=faults)
    filterset = ExecutionFilterSet(MultiValueDict(values), queryset=rows)
    if not filterset.is_valid():
        found = serializer_faults(dict(filterset.errors))
        wrong = tuple(Fault(f"/filter{fault.pointer}", fault.detail, fault.code) for fault in found)
        raise ValidationFailed(summary(wrong), errors=wrong)
    chosen: ExecutionQuerySet = filterset.qs
    return chosen


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
