"""Discovery: what a definition offers, and how a document is written."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.views import HubView, HubViewSet
from integration_hub.lib.errors import MethodNotFound
from integration_hub.lib.near import near_names
from registry.api import openapi, shapes
from registry.api.definition_views import READ
from registry.building import spec_of_text
from registry.document import full_meta_schema
from registry.selectors import get_definition
from registry.spec import DefinitionSpec

_DISCOVERY = ("read", "execute")


@extend_schema(tags=["definitions"], request=None)
class MethodViewSet(HubViewSet):
    """The methods of one definition version."""

    required_scopes = {"index": _DISCOVERY, "retrieve": _DISCOVERY, "schemas": _DISCOVERY}
    problems = {"index": READ, "retrieve": (*READ, MethodNotFound), "schemas": READ}
    filter_backends = ()
    pagination_class = None

    @extend_schema(
        operation_id="definitions_methods", responses={200: openapi.list_of(openapi.METHOD)}
    )
    def index(self, request: Request, ref: str) -> Response:
        """Every method with its schemas, examples, risk, idempotency and limits."""
        spec = _spec(ref)
        results = [shapes.method(spec, item) for item in spec.methods.values()]
        return Response({"count": len(results), "results": results})

    @extend_schema(responses={200: openapi.METHOD})
    def retrieve(self, request: Request, ref: str, name: str) -> Response:
        """One method."""
        spec = _spec(ref)
        found = spec.methods.get(name)
        if found is None:
            raise MethodNotFound(
                f"{spec.ref} has no method {name[:80]!r}.",
                suggestions=near_names(name, spec.methods),
            )
        return Response(shapes.method(spec, found))

    @extend_schema(responses={200: openapi.SCHEMAS})
    def schemas(self, request: Request, ref: str) -> Response:
        """Config, parameter and result schemas in one answer."""
        return Response(shapes.schemas(_spec(ref)))


class MetaSchemaView(HubView):
    """The JSON Schema of definition documents, for editors and pipelines."""

    required_scopes = {"GET": _DISCOVERY}

    @extend_schema(
        tags=["definitions"],
        request=None,
        operation_id="definitions_meta_schema",
        responses={200: {"type": "object", "additionalProperties": True}},
    )
    def get(self, request: Request) -> Response:
        """The JSON Schema of definition documents, every adapter's method block included."""
        return Response(full_meta_schema())


def _spec(ref: str) -> DefinitionSpec:
    return spec_of_text(get_definition(ref).effective)
