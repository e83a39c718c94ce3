"""`/instances`: connections to external systems."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import BooleanFilter, CharFilter, ChoiceFilter
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.etag import check_if_match
from integration_hub.api.readonly import without_readonly
from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import (
    Conflict,
    DefinitionNotFound,
    InstanceNotFound,
    PreconditionFailed,
    TargetForbidden,
    ValidationFailed,
)
from registry import services
from registry.api import openapi, shapes
from registry.api.answers import answer
from registry.choices import ContextType, Health, InstanceState
from registry.instance_input import CREATE, DEFAULTS, WRITABLE, check_body
from registry.models import Instance
from registry.selectors import get_instance

_SEEN = (ValidationFailed, InstanceNotFound)
_WRITE = (*_SEEN, Conflict, PreconditionFailed, TargetForbidden)


class InstanceFilterSet(FilterSet):  # type: ignore[misc]  # django-filter has no types
    state = ChoiceFilter(choices=InstanceState.choices)
    health = ChoiceFilter(choices=Health.choices)
    enabled = BooleanFilter()
    type = CharFilter(field_name="definition__type")
    definition = CharFilter(method="of_definition")
    context_type = ChoiceFilter(choices=ContextType.choices)
    context_id = CharFilter()

    def of_definition(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """A slug, or slug@version."""
        slug, _, version = value.partition("@")
        wanted = Q(definition__slug=slug)
        return rows.filter(wanted & Q(definition__version=version) if version else wanted)


@extend_schema(tags=["instances"], request=None)
class InstanceViewSet(HubViewSet):
    """Instances. `{ref}` is an id or a slug; what a token may not see answers 404."""

    required_scopes = {
        "list": "read",
        "retrieve": "read",
        "create": "manage",
        "update": "manage",
        "partial_update": "manage",
        "destroy": "manage",
    }
    problems = {
        "list": (ValidationFailed,),
        "retrieve": _SEEN,
        "create": (ValidationFailed, DefinitionNotFound, Conflict, TargetForbidden),
        "update": _WRITE,
        "partial_update": _WRITE,
        "destroy": (*_SEEN, Conflict, PreconditionFailed),
    }
    queryset = Instance.objects.select_related("definition").order_by("slug")
    filterset_class = InstanceFilterSet
    search_fields = ("slug", "name", "definition__slug", "definition__name")
    ordering_fields = ("slug", "name", "state", "health", "created_at", "updated_at")

    def get_queryset(self) -> QuerySet[Instance]:
        return (
            Instance.objects.select_related("definition")
            .order_by("slug")
            .visible_to(self.request.caller)
        )

    @extend_schema(responses={200: openapi.INSTANCE})
    def list(self, request: Request) -> Response:
        """The instances that this token may see."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([shapes.instance(row) for row in page or ()])

    @extend_schema(
        request=openapi.INSTANCE_CREATE,
        responses={201: openapi.INSTANCE},
        examples=[openapi.INSTANCE_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        """Make a connection; nothing is opened. A range is resolved to an exact version now.

        A config that breaks its schema is kept as `pending_configuration`, with
        `config_errors`.
        """
        caller = self.request.caller
        body = check_body(request.data, CREATE)
        row = services.create_instance(
            actor=caller.owner, caller=caller, superuser=_is_superuser(request), **body
        )
        return answer(row, 201)

    @extend_schema(responses={200: openapi.INSTANCE})
    def retrieve(self, request: Request, ref: str) -> Response:
        """One instance."""
        return answer(get_instance(ref, self.request.caller))

    @extend_schema(
        request=openapi.INSTANCE_CHANGE,
        responses={200: openapi.INSTANCE},
        parameters=[openapi.IF_MATCH],
    )
    def update(self, request: Request, ref: str) -> Response:
        """Replace the writable members; those left out get their defaults, but for the name."""
        return self._change(request, ref, merge=False)

    @extend_schema(
        request=openapi.INSTANCE_CHANGE,
        responses={200: openapi.INSTANCE},
        parameters=[openapi.IF_MATCH],
    )
    def partial_update(self, request: Request, ref: str) -> Response:
        """Patch the writable members (JSON merge patch: null removes a member of an object)."""
        return self._change(request, ref, merge=True)

    @extend_schema(responses={204: None}, parameters=[openapi.IF_MATCH])
    def destroy(self, request: Request, ref: str) -> Response:
        """Delete; 409 lists what still depends on it."""
        services.delete_instance(
            instance=get_instance(ref, self.request.caller),
            actor=self.request.caller.owner,
            precondition=lambda row: check_if_match(request, row),
        )
        return Response(status=204)

    def _change(self, request: Request, ref: str, *, merge: bool) -> Response:
        row = get_instance(ref, self.request.caller)
        changes = without_readonly(request.data, shapes.instance(row), WRITABLE)
        changed = services.update_instance(
            instance=row,
            changes=changes if merge else DEFAULTS | changes,
            actor=self.request.caller.owner,
            merge=merge,
            caller=self.request.caller,
            superuser=_is_superuser(request),
            precondition=lambda locked: check_if_match(request, locked),
        )
        return answer(changed)


def _is_superuser(request: Request) -> bool:
    """A person at the browser; no token is one, whatever its scopes."""
    return bool(getattr(request.user, "is_superuser", False))
