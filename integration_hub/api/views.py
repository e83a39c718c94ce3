"""What every view of the API shares: scopes, one revision reading, no method unguarded.

Lists take only the query parameters they know (see `filters`); others are 400.
"""

from __future__ import annotations

from typing import Any, ClassVar

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from integration_hub.api.permissions import ScopeRules
from integration_hub.api.request import HubRequest
from integration_hub.coordination import revision
from integration_hub.lib.errors import HubError, ValidationFailed


def check_address(request: HttpRequest | Request) -> None:
    """Raise ValidationFailed for what no database takes in a name."""
    if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        raise ValidationFailed("The address holds a NUL character, which no name here has.")


class HubView(APIView):
    """For calls that are no plain CRUD.

    `required_scopes` maps a method (or a viewset's action) to a scope or to several,
    of which one is enough; `permissions.PUBLIC` opens it to all. `problems` maps
    likewise to the errors that an operation raises beside those that every one can.
    """

    required_scopes: ClassVar[ScopeRules] = {}
    problems: ClassVar[dict[str, tuple[type[HubError], ...]]] = {}
    query_parameters: ClassVar[frozenset[str]] = frozenset()
    request: HubRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Caches compare their revision with the database once a request, not once a look-up.
        with revision.scope():
            return super().dispatch(request, *args, **kwargs)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        return HubRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        structlog.contextvars.bind_contextvars(caller=self.request.caller.owner)
        check_address(request)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Only the header Allow: the schema says the rest."""
        return Response(status=204)


class HubViewSet(ViewSetMixin, HubView, GenericAPIView[Any]):
    """For plain CRUD, with `@action` for verbs."""
