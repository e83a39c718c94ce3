"""Reading the execution log, and what may be done with one execution."""

from __future__ import annotations

from typing import IO, Any

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from executor import replaying, selectors, services
from executor.api import docs, envelope, representation, waiting
from executor.api.execute_views import key_of, respond
from executor.api.filters import ExecutionFilterSet, as_uuid, filtered
from executor.choices import Mode
from executor.files import reading
from executor.models import Execution, Payload, StoredFile
from integration_hub.api import ranges
from integration_hub.api.filters import KnownParameters, StrictFilterBackend, check_parameters
from integration_hub.api.pagination import IdCursorPagination, bad_parameter
from integration_hub.api.problem import problem_response
from integration_hub.api.ranges import Part, PartOf
from integration_hub.api.request import HubRequest
from integration_hub.api.views import HubView, HubViewSet
from integration_hub.lib.errors import PayloadPurged, RangeNotSatisfiable

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
        reply = replaying.replay(
            caller=request.caller,
            execution=execution_of(request, execution_id),
            again=replaying.Again(
                mode=Mode(body["mode"]) if "mode" in body else None,
                definition=body.get("definition", replaying.SAME),
                confirm=body.get("confirm", False),
            ),
            key=key_of(request),
        )
        return respond(reply)


@extend_schema(tags=["executions"])
class ReplayManyView(HubView):
    required_scopes = {"POST": "execute"}
    problems = {"POST": docs.REPLAY_MANY_PROBLEMS}

    @extend_schema(**docs.REPLAY_MANY)
    def post(self, request: HubRequest) -> HttpResponse:
        """Queue again what a filter finds: up to 1,000 ended executions, oldest first."""
        body: Any = request.data
        envelope.check(body, docs.REPLAY_MANY_BODY)
        reply = replaying.replay_many(
            caller=request.caller,
            rows=filtered(selectors.visible(request.caller), body["filter"]),
            limit=int(body.get("limit", docs.DEFAULT_REPLAYS)),
            again=replaying.Again(
                mode=Mode.ASYNC,
                definition=body.get("definition", replaying.SAME),
                confirm=body.get("confirm", False),
            ),
            key=key_of(request),
            body=body,
        )
        return respond(reply)


@extend_schema(tags=["executions"])
class ResolveView(HubView):
    required_scopes = {"POST": ("execute", "manage")}
    problems = {"POST": docs.CANCEL_PROBLEMS}

    @extend_schema(**docs.RESOLVE)
    def post(self, request: HubRequest, execution_id: str) -> Response:
        """Note what became of a call whose outcome is unknown; its state stays as it is."""
        body: Any = request.data
        envelope.check(body, docs.RESOLVE_BODY)
        execution = execution_of(request, execution_id)
        services.resolve(
            caller=request.caller,
            execution=execution,
            outcome=body["outcome"],
            note=body.get("note", ""),
        )
        return Response(_full(request, execution))


@extend_schema(tags=["executions"])
class PayloadView(HubView):
    required_scopes = {"GET": _EITHER}
    problems = {"GET": docs.PAYLOAD_PROBLEMS}

    @extend_schema(**docs.PAYLOAD)
    def get(self, request: HubRequest, execution_id: str) -> HttpResponseBase:
        """The file that the call answered, else what is kept of the bodies.

        Without a file, or with `Accept: application/json`: parameters, result, and each
        request and response as they went over the wire. A part of a file, by `Range`,
        resumes a download.
        """
        execution = execution_of(request, execution_id)
        row = reading.file_of(execution)
        if row is not None and not _wants_json(request):
            return _download(request, row, reading.opened(row, execution, request.caller))
        payload = Payload.objects.filter(pk=execution.pk).first()
        if payload is None:
            raise PayloadPurged("The bodies of this execution are no longer kept.")
        unmasked = selectors.may_unmask(execution, request.caller)
        return Response(representation.payload_of(execution, payload, unmasked=unmasked))


def _wants_json(request: HubRequest) -> bool:
    return str(request.META.get("HTTP_ACCEPT", "")).lower().startswith("application/json")


def _download(request: HubRequest, row: StoredFile, content: IO[Any]) -> HttpResponseBase:
    etag = f'"{row.sha256}"'
    given, if_range = (str(request.META.get(name, "")) for name in ("HTTP_RANGE", "HTTP_IF_RANGE"))
    try:
        part = ranges.wanted(given, if_range, size=row.size, etag=etag)
    except RangeNotSatisfiable as error:
        content.close()
        refused = problem_response(error, request)
        refused["Content-Range"] = f"bytes */{row.size}"
        return refused
    return _answer(row, content, part, etag)


def _answer(row: StoredFile, content: IO[Any], part: Part | None, etag: str) -> FileResponse:
    """Nothing in it runs or is shown as ours: a download, of its own type, in a sandbox."""
    body = content if part is None else PartOf(content, part)
    response = FileResponse(body, as_attachment=True, filename=row.name)
    if part is not None:
        response.status_code = 206
        response["Content-Range"] = part.content_range
    response["Content-Type"] = row.media_type
    response["Content-Length"] = row.size if part is None else part.length
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def _full(request: HubRequest, execution: Execution) -> dict[str, Any]:
    return representation.full(
        execution,
        Payload.objects.filter(pk=execution.pk).first(),
        selectors.attempts_of(execution),
        resolution=selectors.resolution_of(execution),
        unmasked=selectors.may_unmask(execution, request.caller),
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
