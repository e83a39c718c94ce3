"""`/adapters`: the protocols that definitions may use."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import NotFound
from registry import adapter_manager
from registry.api import openapi, shapes


@extend_schema(tags=["adapters"], request=None)
class AdapterViewSet(HubViewSet):
    """Adapters with their versions, states, schemas and supported auth."""

    required_scopes = {"index": "read", "retrieve": "read"}
    problems = {"retrieve": (NotFound,)}
    filter_backends = ()
    pagination_class = None

    @extend_schema(operation_id="adapters", responses={200: openapi.list_of(openapi.ADAPTER)})
    def index(self, request: Request) -> Response:
        """Every adapter, those that are disabled with their reason."""
        results = [shapes.adapter(status) for status in adapter_manager.list_adapters()]
        return Response({"count": len(results), "results": results})

    @extend_schema(responses={200: openapi.ADAPTER})
    def retrieve(self, request: Request, type: str) -> Response:  # noqa: A002 - the path's word
        """One adapter."""
        return Response(shapes.adapter(adapter_manager.get_adapter(type)))
