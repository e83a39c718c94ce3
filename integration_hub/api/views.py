"""What every view of the API shares: scopes, one revision reading, no method unguarded.

Lists take only the query parameters they know (see `filters`); others are 400.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

import structlog
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from integration_hub.api.permissions import ScopeRules
from integration_hub.api.request import HubRequest
from integration_hub.coordination import revision
from integration_hub.lib.errors import HubError, ValidationFailed


class _HubMixin:
    """`required_scopes` maps a method (or a viewset's action) to a scope or to several,
    of which one is enough; `permissions.PUBLIC` opens it to all. `problems` maps likewise
    to the errors that an operation raises beside those that every operation can.
    """

    required_scopes: ClassVar[ScopeRules] = {}
    problems: ClassVar[dict[str, tuple[type[HubError], ...]]] = {}
    query_parameters: ClassVar[frozenset[str]] = frozenset()
    request: HubRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Caches compare their revision with the database once a request, not once a look-up.
        with revision.scope():
            return cast(HttpResponseBase, super().dispatch(request, *args, **kwargs))  # type: ignore[misc]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        view = cast(APIView, self)
        return HubRequest(
            request,
            parsers=view.get_parsers(),
            authenticators=view.get_authenticators(),
            negotiator=view.get_content_negotiator(),
            parser_context=view.get_parser_context(request),
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        structlog.contextvars.bind_contextvars(caller=self.request.caller.owner)
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise ValidationFailed("The address holds a NUL character, which no name here has.")

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Only the header Allow: the schema says the rest."""
        return Response(status=204)


class HubView(_HubMixin, APIView):
    """For calls that are no plain CRUD."""


class HubViewSet(_HubMixin, GenericViewSet[Any]):
    """For plain CRUD, with `@action` for verbs."""
