"""GET /instances/{ref}/health and its history."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from executor.health import api_docs, history, overview
from executor.health.tally import Grain
from integration_hub.api.pagination import bad_parameter
from integration_hub.api.views import HubView
from integration_hub.lib.errors import InstanceNotFound, ValidationFailed
from registry import selectors

GRAIN = OpenApiParameter(
    "grain", str, enum=[grain.value for grain in Grain], description="Default: hour."
)


class InstanceHealthView(HubView):
    required_scopes = {"GET": "read"}
    problems = {"GET": (InstanceNotFound,)}

    @extend_schema(
        operation_id="instances_health",
        tags=["instances"],
        summary="Health of an instance: state, why, uptime, latency and the latest checks",
        responses={200: api_docs.HEALTH},
        examples=[api_docs.HEALTH_EXAMPLE],
    )
    def get(self, request: Request, ref: str) -> Response:
        caller = self.request.caller
        return Response(overview.of_instance(selectors.get_instance(ref, caller), caller))


class HealthHistoryView(HubView):
    required_scopes = {"GET": "read"}
    problems = {"GET": (InstanceNotFound, ValidationFailed)}
    query_parameters = frozenset({"grain"})

    @extend_schema(
        operation_id="instances_health_history",
        tags=["instances"],
        summary="Checks and calls of an instance by minute, hour or day, for up to a year",
        parameters=[GRAIN],
        responses={200: api_docs.HISTORY},
        examples=[api_docs.HISTORY_EXAMPLE],
    )
    def get(self, request: Request, ref: str) -> Response:
        asked = request.query_params.get("grain", Grain.HOUR.value)
        if asked not in list(Grain):
            raise bad_parameter("grain", "takes minute, hour or day")
        instance = selectors.get_instance(ref, self.request.caller)
        return Response({"results": history.spans(instance.pk, Grain(asked))})
