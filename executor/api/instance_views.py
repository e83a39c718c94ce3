"""What the executor knows of an instance: its circuits, and whether it works."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from executor import circuits, connection_test
from executor.api import docs, envelope
from integration_hub.api.request import HubRequest
from integration_hub.api.views import HubView
from registry import runtime


@extend_schema(tags=["instances"])
class CircuitsView(HubView):
    required_scopes = {"GET": "read"}
    problems = {"GET": docs.INSTANCE_PROBLEMS}

    @extend_schema(**docs.CIRCUITS)
    def get(self, request: HubRequest, ref: str) -> Response:
        """The circuits of an instance, one a method that was called."""
        instance = runtime.by_ref(ref, request.caller)
        return Response({"results": circuits.states(instance)})


@extend_schema(tags=["instances"])
class CircuitsResetView(HubView):
    required_scopes = {"POST": "manage"}
    problems = {"POST": docs.INSTANCE_PROBLEMS}

    @extend_schema(**docs.CIRCUITS_RESET)
    def post(self, request: HubRequest, ref: str) -> Response:
        """Close every circuit of an instance."""
        envelope.check(request.data, docs.EMPTY_BODY)
        instance = runtime.by_ref(ref, request.caller)
        return Response({"results": circuits.reset(instance, actor=request.caller.owner)})


@extend_schema(tags=["instances"])
class ConnectionTestView(HubView):
    required_scopes = {"POST": "manage"}
    problems = {"POST": docs.INSTANCE_PROBLEMS}

    @extend_schema(**docs.CONNECTION_TEST)
    def post(self, request: HubRequest, ref: str) -> Response:
        """Test an instance step by step; the call that it makes is in the execution log."""
        envelope.check(request.data, docs.EMPTY_BODY)
        report = connection_test.run(caller=request.caller, instance_ref=ref)
        return Response(report.as_dict())
