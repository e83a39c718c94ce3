"""`/definitions/import/…`: a foreign description in, a draft and its report out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.etag import etag_of
from integration_hub.api.views import HubView
from integration_hub.lib.errors import (
    Conflict,
    ConnectionFailed,
    DefinitionNotFound,
    IntegrationFailed,
    ResponseTooLarge,
    TargetForbidden,
    TimedOut,
    ValidationFailed,
)
from integration_hub.lib.schema import validator_of
from registry import services
from registry.api import import_openapi, openapi, shapes
from registry.api.flags import flag
from registry.import_report import merge_report
from registry.models import Definition

_PROBLEMS = (
    ValidationFailed,
    DefinitionNotFound,
    Conflict,
    TargetForbidden,
    IntegrationFailed,
    ConnectionFailed,
    ResponseTooLarge,
    TimedOut,
)


class _ImportView(HubView):
    """Imports with the importer of that name."""

    importer: ClassVar[str]
    required_scopes = {"POST": "manage"}
    problems = {"POST": _PROBLEMS}

    def post(self, request: Request) -> Response:
        body: Any = request.data
        faults = validator_of(import_openapi.IMPORT).faults(body)
        if faults:
            raise ValidationFailed("The body is not valid; see errors.", errors=faults)
        asked = {
            "importer": self.importer,
            "slug": body.get("slug", ""),
            "actor": self.request.caller.owner,
            "document": body.get("document"),
            "url": body.get("url", ""),
            "version": body.get("version", ""),
            "include": body.get("include"),
            "dry_run": flag(request, "dry_run"),
        }
        if "merge_with" not in body:
            made = services.import_definition(**asked)
            return _answer(made.definition, made.document, {"report": made.report}, 201)
        found = services.reimport_definition(
            **asked, merge_with=body["merge_with"], take=body.get("take", ())
        )
        said = {"report": found.report, "merge": merge_report(found)}
        fresh = found.definition is None or found.definition.pk != found.against.pk
        return _answer(found.definition, found.document, said, 201 if fresh else 200)


def _answer(
    row: Definition | None, document: dict[str, Any], said: dict[str, Any], status: int
) -> Response:
    if row is None:
        return Response({"definition": document, **said})
    response = Response({"definition": shapes.definition(row), **said}, status=status)
    response["ETag"] = etag_of(row)
    response["Location"] = reverse("definition", kwargs={"ref": str(row.pk)})
    return response


class OpenAPIImportView(_ImportView):
    """OpenAPI 3.0 and 3.1, Swagger 2.0."""

    importer = "openapi"

    @extend_schema(
        tags=["definitions"],
        operation_id="definitions_import_openapi",
        request={"application/json": import_openapi.IMPORT},
        responses={200: import_openapi.IMPORTED, 201: import_openapi.IMPORTED},
        parameters=[openapi.DRY_RUN],
        examples=[import_openapi.OPENAPI_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Make a draft of an OpenAPI 3.0 or 3.1 or Swagger 2.0 description.

        What cannot be imported is left out with its reason; what was guessed is said
        in `report.guesses` and not set. With `merge_with` a later revision is merged with
        what was edited here since the last import: local edits stay, `merge` says where
        both sides changed; `?dry_run=true` stores nothing.
        """
        return super().post(request)


class PostmanImportView(_ImportView):
    """Postman collections 2.1."""

    importer = "postman"

    @extend_schema(
        tags=["definitions"],
        operation_id="definitions_import_postman",
        request={"application/json": import_openapi.IMPORT},
        responses={200: import_openapi.IMPORTED, 201: import_openapi.IMPORTED},
        parameters=[openapi.DRY_RUN],
    )
    def post(self, request: Request) -> Response:
        """Make a draft of a Postman collection 2.1; values that it holds are not kept.

        `merge_with` merges a later revision, as for OpenAPI.
        """
        return super().post(request)
