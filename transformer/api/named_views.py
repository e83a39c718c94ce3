"""`/transforms`: named transforms, their versions and their life."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django_filters import CharFilter, ChoiceFilter
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.etag import check_if_match, etag_of
from integration_hub.api.parsers import DocumentParser, RawDocument
from integration_hub.api.readonly import without_readonly
from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    UnsupportedMediaType,
    ValidationFailed,
)
from registry.api.openapi import IF_MATCH
from registry.reading import read_document
from transformer.api import named_openapi as openapi
from transformer.choices import TransformStatus
from transformer.models import NamedTransform
from transformer.named import services, shapes
from transformer.named.selectors import get_transform

_READ = (ValidationFailed, NotFound)
_WRITE = (*_READ, Conflict, PreconditionFailed)
_BODY = {"application/json": openapi.DOCUMENT, "application/yaml": openapi.DOCUMENT}


class TransformFilterSet(FilterSet):  # type: ignore[misc]  # django-filter has no types
    status = ChoiceFilter(choices=TransformStatus.choices)
    slug = CharFilter()


@extend_schema(tags=["transforms"], request=None)
class TransformViewSet(HubViewSet):
    """Named transforms. `{ref}` is an id, a slug, slug@1.2.0 or a range slug@^1.2."""

    required_scopes = {
        "list": "read",
        "retrieve": "read",
        "create": "manage",
        "update": "manage",
        "destroy": "manage",
    }
    problems = {
        "list": (ValidationFailed,),
        "retrieve": _READ,
        "create": (ValidationFailed, Conflict, UnsupportedMediaType),
        "update": (*_WRITE, UnsupportedMediaType),
        "destroy": _WRITE,
    }
    parser_classes = (DocumentParser,)
    queryset = NamedTransform.objects.defer("document").order_by("slug", "-id")
    filterset_class = TransformFilterSet
    search_fields = ("slug", "description")
    ordering_fields = ("slug", "status", "created_at", "updated_at", "published_at")

    @extend_schema(responses={200: openapi.SUMMARY})
    def list(self, request: Request) -> Response:
        """Every version of every named transform, without its document."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([shapes.summary(row) for row in page or ()])

    @extend_schema(request=_BODY, responses={201: openapi.TRANSFORM}, examples=[openapi.EXAMPLE])
    def create(self, request: Request) -> Response:
        """Store a new draft. Every fault is listed with its pointer; expressions are compiled."""
        row = services.create_transform(
            document=_document(request), actor=self.request.caller.owner
        )
        response = answer(row, 201)
        response["Location"] = reverse("transform", kwargs={"ref": str(row.pk)})
        return response

    @extend_schema(responses={200: openapi.TRANSFORM})
    def retrieve(self, request: Request, ref: str) -> Response:
        """The document, its `id`, `status` and dates."""
        return answer(get_transform(ref))

    @extend_schema(request=_BODY, responses={200: openapi.TRANSFORM}, parameters=[IF_MATCH])
    def update(self, request: Request, ref: str) -> Response:
        """Replace a draft's document; 409 for what was published."""
        row = get_transform(ref)
        document = without_readonly(_document(request), shapes.facts(row), ())
        changed = services.update_transform(
            transform=row,
            document=document,
            actor=self.request.caller.owner,
            precondition=lambda locked: check_if_match(request, locked),
        )
        return answer(changed)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH])
    def destroy(self, request: Request, ref: str) -> Response:
        """Delete a draft; 409 for what was published."""
        services.delete_transform(
            transform=get_transform(ref),
            actor=self.request.caller.owner,
            precondition=lambda row: check_if_match(request, row),
        )
        return Response(status=204)


@extend_schema(tags=["transforms"], request=None)
class TransformLifeViewSet(HubViewSet):
    """The steps of a named transform's life, and its tests."""

    required_scopes = {"publish": "manage", "archive": "manage", "test": "read"}
    problems = {"publish": _WRITE, "archive": _WRITE, "test": _READ}

    @extend_schema(responses={200: openapi.TRANSFORM}, parameters=[IF_MATCH])
    def publish(self, request: Request, ref: str) -> Response:
        """`draft` → `published`, if its examples hold: from now on it never changes."""
        return self._step(services.publish_transform, request, ref)

    @extend_schema(responses={200: openapi.TRANSFORM}, parameters=[IF_MATCH])
    def archive(self, request: Request, ref: str) -> Response:
        """`published` → `archived`: no range finds it; definitions that have it keep it."""
        return self._step(services.archive_transform, request, ref)

    @extend_schema(responses={200: openapi.TESTED})
    def test(self, request: Request, ref: str) -> Response:
        """Its examples, run now; 200 also when some do not hold."""
        row = get_transform(ref)
        results = services.check_transform(transform=row)
        return Response(
            {
                "transform": row.ref,
                "ok": all(item.ok for item in results),
                "examples": [item.as_dict() for item in results],
            }
        )

    def _step(self, service: Any, request: Request, ref: str) -> Response:
        row = service(
            transform=get_transform(ref),
            actor=self.request.caller.owner,
            precondition=lambda locked: check_if_match(request, locked),
        )
        return answer(row)


def answer(row: NamedTransform, status: int = 200) -> Response:
    response = Response(shapes.transform(row), status=status)
    response["ETag"] = etag_of(row)
    return response


def _document(request: Request) -> dict[str, Any]:
    raw: Any = request.data
    if not isinstance(raw, RawDocument):
        raise ValidationFailed("Send the transform as the body, JSON or YAML.")
    return read_document(raw.content, raw.media_type, what="a transform")
