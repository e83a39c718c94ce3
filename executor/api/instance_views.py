"""What the executor knows of an instance: its circuits, and whether it works."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from executor import circuit_control, connection_test
from executor.api import docs, envelope
from executor.api.docs import circuits as circuit_docs
from executor.drift import listing as drift
from integration_hub.api.request import HubRequest
from integration_hub.api.views import HubView
from registry import runtime


@extend_schema(tags=["instances"])
class CircuitsView(HubView):
    required_scopes = {"GET": "read", "POST": "manage"}
    problems = {"GET": docs.INSTANCE_PROBLEMS, "POST": docs.INSTANCE_PROBLEMS}

    @extend_schema(**circuit_docs.CIRCUITS)
    def get(self, request: HubRequest, ref: str) -> Response:
        """The circuits of an instance, one a method that was called, and that of its host."""
        return Response(circuit_control.overview(runtime.by_ref(ref, request.caller)))

    @extend_schema(**circuit_docs.CHANGE)
    def post(self, request: HubRequest, ref: str) -> Response:
        """Hold circuits open, switch them off, or close them; audited."""
        body: Any = request.data
        envelope.check(body, circuit_docs.CHANGE_BODY)
        changed = circuit_control.change(
            instance=runtime.by_ref(ref, request.caller),
            state=body["state"],
            scope=body.get("scope", ""),
            reason=body.get("reason", ""),
            caller=request.caller,
        )
        return Response({"results": changed})


@extend_schema(tags=["instances"])
class CircuitsResetView(HubView):
    required_scopes = {"POST": "manage"}
    problems = {"POST": docs.INSTANCE_PROBLEMS}

    @extend_schema(**circuit_docs.RESET)
    def post(self, request: HubRequest, ref: str) -> Response:
        """Close every circuit of an instance and forget what it counted."""
        envelope.check(request.data, docs.EMPTY_BODY)
        instance = runtime.by_ref(ref, request.caller)
        changed = circuit_control.change(instance=instance, state="closed", caller=request.caller)
        return Response({"results": changed})


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


@extend_schema(tags=["instances"])
class DriftView(HubView):
    required_scopes = {"GET": "read"}
    problems = {"GET": docs.INSTANCE_PROBLEMS}

    @extend_schema(**docs.DRIFT)
    def get(self, request: HubRequest, ref: str) -> Response:
        """What the provider changed: fields of results that break their schema, with a patch."""
        return Response({"results": drift.of_instance(runtime.by_ref(ref, request.caller))})
