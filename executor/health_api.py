"""GET /instances/{ref}/health."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from executor import health_history
from integration_hub.api.views import HubView
from integration_hub.lib.errors import InstanceNotFound
from registry import selectors
from registry.choices import Health


class UptimeSerializer(serializers.Serializer[dict[str, float | None]]):
    """The share of checks that succeeded, 0 to 1; null where there was none."""

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]  # not generic at run time
        return {
            name: serializers.FloatField(allow_null=True, min_value=0, max_value=1)
            for name in health_history.WINDOWS
        }


class HealthResultSerializer(serializers.Serializer[dict[str, object]]):
    at = serializers.DateTimeField()
    ok = serializers.BooleanField()
    code = serializers.CharField(allow_null=True)
    detail = serializers.CharField(allow_null=True)
    duration_ms = serializers.FloatField(allow_null=True)


class InstanceHealthSerializer(serializers.Serializer[dict[str, object]]):
    health = serializers.ChoiceField(choices=Health.choices)
    reason = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField(allow_null=True)
    next_check_at = serializers.DateTimeField(allow_null=True)
    uptime = UptimeSerializer()
    results = HealthResultSerializer(many=True)


class InstanceHealthView(HubView):
    required_scopes = {"GET": "read"}
    problems = {"GET": (InstanceNotFound,)}

    @extend_schema(
        operation_id="instances_health",
        tags=["instances"],
        summary="Health of an instance: state, uptime and the latest checks",
        responses={200: InstanceHealthSerializer},
    )
    def get(self, request: Request, ref: str) -> Response:
        instance = selectors.get_instance(ref, self.request.caller)
        body: dict[str, object] = {
            "health": instance.health,
            "reason": instance.health_reason,
            "since": instance.health_since,
            "next_check_at": instance.check_due_at,
            "uptime": health_history.uptime(instance.pk),
            "results": health_history.latest(instance.pk),
        }
        return Response(InstanceHealthSerializer(body).data)
