"""`/definitions`: documents in, documents and their parts out."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.etag import check_if_match
from integration_hub.api.parsers import DocumentParser, RawDocument
from integration_hub.api.readonly import without_readonly
from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import (
    Conflict,
    DefinitionNotFound,
    PreconditionFailed,
    UnsupportedMediaType,
    ValidationFailed,
)
from registry import services
from registry.api import openapi, shapes
from registry.api.answers import answer
from registry.choices import DefinitionStatus
from registry.document import read_document
from registry.models import Definition
from registry.selectors import get_definition

READ = (ValidationFailed, DefinitionNotFound)
WRITE = (*READ, Conflict, PreconditionFailed, UnsupportedMediaType)


class DefinitionFilterSet(FilterSet):  # type: ignore[misc]  # django-filter has no types
    status = ChoiceFilter(choices=DefinitionStatus.choices)
    slug = CharFilter()
    type = CharFilter()
    tag = CharFilter(method="with_tag")

    def with_tag(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Tags are kept comma-separated; a comma on both sides makes the match whole."""
        return rows.filter(tags__regex=rf"(^|,){_literal(value)}(,|$)")


def _literal(text: str) -> str:
    """For the regular expressions of both databases."""
    return "".join(c if c.isalnum() else f"\\{c}" if c.isascii() else c for c in text)


@extend_schema(tags=["definitions"], request=None)
class DefinitionViewSet(HubViewSet):
    """Definition versions. `{ref}` is an id, a slug, slug@1.2.0 or a range slug@^1.2."""

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
        "retrieve": READ,
        "create": (ValidationFailed, Conflict, UnsupportedMediaType),
        "update": WRITE,
        "partial_update": WRITE,
        "destroy": (*READ, Conflict, PreconditionFailed),
    }
    parser_classes = (DocumentParser,)
    queryset = Definition.objects.defer("document", "resolved", "search_text").order_by(
        "slug", "-id"
    )
    filterset_class = DefinitionFilterSet
    search_fields = ("search_text",)
    ordering_fields = ("slug", "name", "type", "status", "created_at", "updated_at", "published_at")

    @extend_schema(responses={200: openapi.DEFINITION_SUMMARY})
    def list(self, request: Request) -> Response:
        """Every version of every definition, without its document.

        `search` looks into slug, name, description, tags and the names of methods.
        """
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([shapes.definition_summary(row) for row in page or ()])

    @extend_schema(
        request={"application/json": openapi.DOCUMENT, "application/yaml": openapi.DOCUMENT},
        responses={201: openapi.DEFINITION},
        examples=[openapi.DOCUMENT_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        """Store a new draft. Every fault of the document is listed with its pointer.

        `warnings` names what is no fault and wants a look: a parameter that nothing uses,
        a parameter of the path that callers need not give.
        """
        document = _document(request)
        row = services.create_definition(document=document, actor=self.request.caller.owner)
        return answer(row, 201, linted=True)

    @extend_schema(responses={200: openapi.DEFINITION})
    def retrieve(self, request: Request, ref: str) -> Response:
        """The document, its `id`, `status` and dates; `resolved`: with what it inherits."""
        return answer(get_definition(ref))

    @extend_schema(
        request={"application/json": openapi.DOCUMENT, "application/yaml": openapi.DOCUMENT},
        responses={200: openapi.DEFINITION},
        parameters=[openapi.IF_MATCH],
    )
    def update(self, request: Request, ref: str) -> Response:
        """Replace a draft's document; 409 for what was published."""
        return self._change(request, ref, merge=False)

    @extend_schema(
        request={"application/json": openapi.DOCUMENT, "application/yaml": openapi.DOCUMENT},
        responses={200: openapi.DEFINITION},
        parameters=[openapi.IF_MATCH],
    )
    def partial_update(self, request: Request, ref: str) -> Response:
        """Patch a draft's document (JSON merge patch: null removes a member)."""
        return self._change(request, ref, merge=True)

    @extend_schema(responses={204: None}, parameters=[openapi.IF_MATCH])
    def destroy(self, request: Request, ref: str) -> Response:
        """Delete a draft; 409 for what was published."""
        services.delete_definition(
            definition=get_definition(ref),
            actor=self.request.caller.owner,
            precondition=lambda row: check_if_match(request, row),
        )
        return Response(status=204)

    def _change(self, request: Request, ref: str, *, merge: bool) -> Response:
        row = get_definition(ref)
        document = without_readonly(_document(request), shapes.definition_readonly(row), ())
        document.pop("warnings", None)  # of the answer to a write; no member of a document
        changed = services.update_definition(
            definition=row,
            document=document,
            actor=self.request.caller.owner,
            merge=merge,
            precondition=lambda locked: check_if_match(request, locked),
        )
        return answer(changed, linted=True)


def _document(request: Request) -> dict[str, Any]:
    raw: Any = request.data
    if not isinstance(raw, RawDocument):
        raise ValidationFailed("Send the definition document as the body, JSON or YAML.")
    return read_document(raw.content, raw.media_type)
