"""`GET /audit`: who did what to which definition, instance, credential, token, sink."""

from __future__ import annotations

from typing import Any

from django_filters import CharFilter
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers

from integration_hub.api.filters import CreatedFilterSet, KnownParameters, StrictFilterBackend
from integration_hub.api.pagination import IdCursorPagination
from integration_hub.api.views import HubViewSet
from integration_hub.audit.models import AuditEntry
from integration_hub.lib.jsonsafe import loads


class AuditFilterSet(CreatedFilterSet):
    actor = CharFilter()
    action = CharFilter()
    target_type = CharFilter()
    target = CharFilter()


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    created_at = serializers.DateTimeField(source="at")
    actor_name = serializers.CharField(help_text="Its name today, empty where it has none.")
    detail = serializers.SerializerMethodField()
    sequence = serializers.IntegerField(
        allow_null=True, help_text="Its place in the chain; null until it is chained (10 s)."
    )

    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "created_at",
            "actor",
            "actor_name",
            "source",
            "action",
            "target_type",
            "target",
            "detail",
            "request_id",
            "sequence",
        )
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_detail(self, row: AuditEntry) -> Any:
        return loads(row.detail)


@extend_schema(tags=["audit"])
class AuditViewSet(mixins.ListModelMixin, HubViewSet):
    """Who did what, newest first. Rows are only ever added."""

    required_scopes = {"list": "manage"}
    queryset = AuditEntry.objects.with_actor_names().order_by("-id")
    serializer_class = AuditEntrySerializer
    pagination_class = IdCursorPagination
    filter_backends = (KnownParameters, StrictFilterBackend)
    filterset_class = AuditFilterSet
