"""Reading the execution log, and what may be done with one execution."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from executor import selectors, services
from executor.api import docs, envelope, representation, waiting
from executor.api.execute_views import key_of, respond
from executor.api.filters import ExecutionFilterSet, as_uuid
from executor.choices import Mode
from executor.models import Attempt, Execution, Payload
from integration_hub.api.filters import KnownParameters, StrictFilterBackend, check_parameters
from integration_hub.api.pagination import IdCursorPagination, bad_parameter
from integration_hub.api.request import HubRequest
from integration_hub.api.views import HubView, HubViewSet
from integration_hub.lib.errors import PayloadPurged

_EITHER = ("read", "execute")


def execution_of(request: HubRequest, execution_id: str) -> Execution:
    key = as_uuid(execution_id)
    if key is None:
        raise selectors.not_found(execution_id)
    return selectors.get(key, request.caller)


@extend_schema(tags=["executions"])
class ExecutionListView(HubViewSet):
    required_scopes = {"list": _EITHER}
    queryset = Execution.objects.none()
    pagination_class = IdCursorPagination
    filter_backends = (KnownParameters, StrictFilterBackend)
    filterset_class = ExecutionFilterSet

    @extend_schema(**docs.LIST)
    def list(self, request: HubRequest) -> Response:
        """Executions, newest first, without their bodies."""
        rows = self.filter_queryset(selectors.visible(request.caller))
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response([representation.summary(row) for row in page])


@extend_schema(tags=["executions"])
class ExecutionView(HubView):
    required_scopes = {"GET": _EITHER}
    problems = {"GET": docs.EXECUTION_PROBLEMS}

    @extend_schema(**docs.DETAIL)
    def get(self, request: HubRequest, execution_id: str) -> Response:
        """One execution with its bodies and attempts; with `wait`, once it has ended."""
        check_parameters(request, frozenset({"wait"}))
        execution = execution_of(request, execution_id)
        seconds = _wait_of(request)
        if seconds and not execution.is_final:
            waiting.until_final(execution.pk, seconds)
            execution.refresh_from_db()
        return Response(_full(request, execution))


@extend_schema(tags=["executions"])
class CancelView(HubView):
    required_scopes = {"POST": ("execute", "manage")}
    problems = {"POST": docs.CANCEL_PROBLEMS}

    @extend_schema(**docs.CANCEL)
    def post(self, request: HubRequest, execution_id: str) -> Response:
        """Cancel: what waits is never sent; what runs ends within 5 seconds."""
        envelope.check(request.data, docs.EMPTY_BODY)
        execution = services.cancel(
            caller=request.caller, execution=execution_of(request, execution_id)
        )
        return Response(_full(request, execution), status=200 if execution.is_final else 202)


@extend_schema(tags=["executions"])
class ReplayView(HubView):
    required_scopes = {"POST": "execute"}
    problems = {"POST": docs.REPLAY_PROBLEMS}

    @extend_schema(**docs.REPLAY)
    def post(self, request: HubRequest, execution_id: str) -> HttpResponse:
        """Make the same call again, as a new execution that names this one in `replay_of`."""
        body: Any = request.data
        envelope.check(body, docs.REPLAY_BODY)
        reply = services.replay(
            caller=request.caller,
            execution=execution_of(request, execution_id),
            mode=Mode(body["mode"]) if "mode" in body else None,
            key=key_of(request),
        )
        return respond(reply)


@extend_schema(tags=["executions"])
class PayloadView(HubView):
    required_scopes = {"GET": _EITHER}
    problems = {"GET": docs.PAYLOAD_PROBLEMS}

    @extend_schema(**docs.PAYLOAD)
    def get(self, request: HubRequest, execution_id: str) -> Response:
        """Parameters, result, and each request and response as they went over the wire."""
        execution = execution_of(request, execution_id)
        payload = Payload.objects.filter(pk=execution.pk).first()
        if payload is None:
            raise PayloadPurged("The bodies of this execution are no longer kept.")
        unmasked = selectors.started_by(execution, request.caller)
        return Response(representation.payload_of(execution, payload, unmasked=unmasked))


def _full(request: HubRequest, execution: Execution) -> dict[str, Any]:
    return representation.full(
        execution,
        Payload.objects.filter(pk=execution.pk).first(),
        Attempt.objects.filter(execution_id=execution.pk).order_by("number", "id"),
        unmasked=selectors.started_by(execution, request.caller),
    )


def _wait_of(request: Request) -> float:
    text = request.query_params.get("wait", "")
    if not text:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= waiting.MAX_WAIT_S:
        raise bad_parameter("wait", f"takes seconds from 0 to {waiting.MAX_WAIT_S}")
    return seconds
