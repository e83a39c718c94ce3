"""`/adapters`: the protocols that definitions may use."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import Forbidden, NotFound, ValidationFailed
from registry import adapter_manager, services
from registry.api import openapi, shapes
from registry.api.reasons import reason_of


@extend_schema(tags=["adapters"], request=None)
class AdapterViewSet(HubViewSet):
    """Adapters with their versions, states, schemas and supported auth."""

    required_scopes = {
        "index": "read",
        "retrieve": "read",
        "enable": "manage",
        "disable": "manage",
    }
    problems = {
        "retrieve": (NotFound,),
        "enable": (NotFound, Forbidden, ValidationFailed),
        "disable": (NotFound, Forbidden, ValidationFailed),
    }
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

    @extend_schema(request=openapi.REASON, responses={200: openapi.ADAPTER})
    def enable(self, request: Request, type: str) -> Response:  # noqa: A002 - the path's word
        """Let instances of this adapter be called again."""
        return self._switched(request, type, on=True)

    @extend_schema(request=openapi.REASON, responses={200: openapi.ADAPTER})
    def disable(self, request: Request, type: str) -> Response:  # noqa: A002 - the path's word
        """Let no instance of this adapter be called: 409 with the `reason`; running calls end."""
        return self._switched(request, type, on=False)

    def _switched(self, request: Request, name: str, *, on: bool) -> Response:
        caller = self.request.caller
        if caller.instances or caller.contexts:
            raise Forbidden(
                "This token is limited to some instances or contexts, and the switch is for all."
            )
        services.switch_adapter(
            type=name, enabled=on, actor=caller.owner, reason=reason_of(request)
        )
        return Response(shapes.adapter(adapter_manager.get_adapter(name)))
