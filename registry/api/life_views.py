"""The steps of a definition's life, and its export."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.etag import check_if_match
from integration_hub.api.pagination import bad_parameter
from integration_hub.api.renderers import JSONRenderer
from integration_hub.api.views import HubViewSet
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict, PreconditionFailed
from registry import services
from registry.api import openapi
from registry.api.answers import answer
from registry.api.definition_views import READ
from registry.api.reasons import reason_of
from registry.api.renderers import YAMLRenderer
from registry.selectors import get_definition


@extend_schema(
    tags=["definitions"],
    request=openapi.REASON,
    responses={200: openapi.DEFINITION},
    parameters=[openapi.IF_MATCH],
)
class DefinitionLifeViewSet(HubViewSet):
    """The steps of a definition's life."""

    required_scopes = {"publish": "manage", "deprecate": "manage", "archive": "manage"}
    problems = dict.fromkeys(required_scopes, (*READ, Conflict, PreconditionFailed))

    @extend_schema(operation_id="definitions_publish")
    def publish(self, request: Request, ref: str) -> Response:
        """`draft` → `published`: from now on it never changes.

        409 with `changes` when they break users of the release before and the version
        number does not say so; a `reason` overrides that, and is audited.
        """
        return self._step(services.publish_definition, request, ref)

    @extend_schema(operation_id="definitions_deprecate")
    def deprecate(self, request: Request, ref: str) -> Response:
        """`published` → `deprecated`: it still executes, and says so."""
        return self._step(services.deprecate_definition, request, ref)

    @extend_schema(operation_id="definitions_archive")
    def archive(self, request: Request, ref: str) -> Response:
        """→ `archived`: it executes no more. 409 names the instances that use it."""
        return self._step(services.archive_definition, request, ref)

    def _step(self, service: Any, request: Request, ref: str) -> Response:
        row = service(
            definition=get_definition(ref),
            actor=self.request.caller.owner,
            reason=reason_of(request),
            precondition=lambda locked: check_if_match(request, locked),
        )
        return answer(row, linted=True)


@extend_schema(tags=["definitions"], request=None)
class DefinitionExportViewSet(HubViewSet):
    """A definition as a file that imports again to an equal one."""

    required_scopes = {"export": "read"}
    problems = {"export": READ}
    renderer_classes = (JSONRenderer, YAMLRenderer)

    def get_renderers(self) -> list[Any]:
        """`?format=` names one; without it `Accept` chooses."""
        offered = super().get_renderers()
        wanted = self.request.query_params.get("format")
        named = [renderer for renderer in offered if renderer.format == wanted]
        return named or offered

    @extend_schema(
        parameters=[openapi.EXPORT_FORMAT],
        responses={
            (200, "application/json"): openapi.DOCUMENT,
            (200, "application/yaml"): openapi.DOCUMENT,
        },
    )
    def export(self, request: Request, ref: str) -> Response:
        """The document alone, JSON or YAML by `Accept` or `?format=`."""
        if request.query_params.get("format", "json") not in ("json", "yaml"):
            raise bad_parameter("format", "takes json or yaml")
        row = get_definition(ref)
        response = Response(jsonsafe.loads(row.document))
        suffix = request.accepted_renderer.format
        name = f"{row.slug}-{row.version}.{suffix}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
