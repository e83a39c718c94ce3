"""What changed between two versions of a definition."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.views import HubViewSet
from registry.api import openapi, shapes
from registry.api.definition_views import READ
from registry.comparing import compare_versions, version_against
from registry.selectors import get_definition


@extend_schema(tags=["definitions"], request=None)
class CompatibilityViewSet(HubViewSet):
    """Whether one version can stand in for another."""

    required_scopes = {"compatibility": "read"}
    problems = {"compatibility": READ}

    @extend_schema(
        operation_id="definitions_compatibility",
        parameters=[openapi.AGAINST],
        responses={200: openapi.COMPATIBILITY},
        examples=[openapi.COMPATIBILITY_EXAMPLE],
    )
    def compatibility(self, request: Request, ref: str) -> Response:
        """What a user of `against` finds changed in this version.

        Changes of parameters and config break when less is taken, changes of results
        when callers may get what they did not expect. `honest` says whether the version
        number tells: a breaking change needs a new major version (below 1.0.0 a new
        minor one), and pre-releases promise nothing.
        """
        row = get_definition(ref)
        old = version_against(row, request.query_params.get("against", "").strip())
        return Response(shapes.compatibility(old, row, compare_versions(old=old, new=row)))
