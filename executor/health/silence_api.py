"""`/health/silences`: when nobody is told of the health of instances."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from executor.api import envelope
from executor.health import api_docs, silences
from executor.health.models import HealthSilence
from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import Fault, InstanceNotFound, NotFound, ValidationFailed


@extend_schema(tags=["health"])
class SilenceViewSet(HubViewSet):
    """Maintenance windows and silences, of one instance or of all."""

    required_scopes = {
        "list": "read",
        "retrieve": "read",
        "create": "manage",
        "destroy": "manage",
    }
    problems = {
        "list": (ValidationFailed,),
        "retrieve": (NotFound,),
        "create": (ValidationFailed, InstanceNotFound),
        "destroy": (NotFound,),
    }
    queryset = HealthSilence.objects.order_by("-starts_at", "id")
    filterset_fields = ("kind",)
    ordering_fields = ("starts_at", "ends_at")

    def get_queryset(self) -> QuerySet[HealthSilence]:
        return silences.visible_to(self.request.caller).order_by("-starts_at", "id")

    @extend_schema(responses=api_docs.SILENCE)
    def list(self, request: Request) -> Response:
        """All of them, past ones for three months too."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([_shown(row) for row in page or ()])

    @extend_schema(
        request={"application/json": api_docs.SILENCE_BODY},
        responses={201: api_docs.SILENCE},
        examples=[api_docs.SILENCE_REQUEST],
    )
    def create(self, request: Request) -> Response:
        """Plan one; audited."""
        body: Any = request.data
        envelope.check(body, api_docs.SILENCE_BODY)
        row = silences.create_silence(
            caller=self.request.caller,
            kind=body["kind"],
            instance=body.get("instance", ""),
            starts_at=_time(body, "starts_at") if "starts_at" in body else None,
            ends_at=_time(body, "ends_at"),
            reason=body.get("reason", ""),
        )
        answer = Response(_shown(row), status=201)
        answer["Location"] = reverse("health-silence", kwargs={"silence_id": row.pk})
        return answer

    @extend_schema(responses=api_docs.SILENCE)
    def retrieve(self, request: Request, silence_id: UUID) -> Response:
        """One of them."""
        row = self.get_queryset().filter(pk=silence_id).first()
        if row is None:
            raise NotFound("There is no such maintenance or silence.")
        return Response(_shown(row))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, silence_id: UUID) -> Response:
        """End it now, or take it back before it began; audited."""
        silences.end_silence(caller=self.request.caller, silence_id=silence_id)
        return Response(status=204)


def _shown(row: HealthSilence) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "instance": row.instance.slug if row.instance else None,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "reason": row.reason,
        "created_by": row.created_by,
        "created_at": row.created_at,
    }


def _time(body: dict[str, Any], name: str) -> datetime:
    try:
        found = parse_datetime(body[name])
        if found is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # a leap second, or a year that the calendar has not: said below
    raise ValidationFailed(
        "The body is wrong in 1 place(s).",
        errors=[Fault(f"/{name}", "is no time of the calendar.", "FORMAT")],
    )
