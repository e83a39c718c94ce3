"""Addresses that browsers open: where providers send people back, and the page of a link."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from credentials.choices import FlowVia
from credentials.models import ConnectLink, OAuthFlow
from credentials.oauth2 import authorize, browser, entries, links, pages, scopes
from credentials.oauth2.answer import MEMBERS, read_answer
from credentials.oauth2.finish import find_flow, finish_flow
from credentials.oauth2.start import start_flow
from credentials.oauth2.visitor import Visitor
from integration_hub.access.denials import count_denial
from integration_hub.api.middleware import wants_page
from integration_hub.api.permissions import PUBLIC
from integration_hub.api.renderers import JSONRenderer
from integration_hub.api.views import HubView
from integration_hub.lib.errors import AuthFailed, Forbidden, HubError, ValidationFailed

_PAGE = "credentials/connect.html"


class PageRenderer(BaseRenderer):
    media_type, format, charset = "text/html", "html", "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return data


@extend_schema(tags=["credentials"])
class BrowserCallbackView(HubView):
    """The redirect URI: the one that has to be registered at every provider."""

    required_scopes = {"GET": PUBLIC}
    problems = {"GET": (ValidationFailed, Forbidden, AuthFailed)}
    renderer_classes = [PageRenderer, JSONRenderer]

    @extend_schema(
        operation_id="oauth2_browser_callback",
        parameters=[OpenApiParameter(name, str) for name in MEMBERS],
        responses={(200, "text/html"): OpenApiTypes.STR, 302: None},
    )
    def get(self, request: Request) -> HttpResponse:
        """Finish what a person began in this browser; answers with a page.

        Whoever began in the admin is sent back there. Nothing is stored unless state,
        browser, issuer and code are right; a problem's page says what to do. Who does not
        ask for HTML gets the problem as JSON.
        """
        asked = request._request  # the pages are Django's
        back = ""
        try:
            browser.throttle(asked)
            answer = read_answer({name: asked.GET.getlist(name) for name in MEMBERS})
            flow = find_flow(answer)
            back = _back_to(flow)
            visitor = Visitor(self.request.caller, asked.COOKIES)
            done = finish_flow(flow=flow, answer=answer, visitor=visitor)
        except HubError as error:
            if not wants_page(asked):
                raise  # a program gets the problem itself
            if isinstance(error, Forbidden):
                count_denial(actor=self.request.caller.owner, code=error.code)
            return pages.refused(asked, error, back)
        return pages.connected(asked, done)


def _back_to(flow: OAuthFlow) -> str:
    if flow.via != FlowVia.ADMIN:
        return ""
    return reverse("admin:registry_instance_change", args=[flow.instance_id])


class ConnectPage(View):
    """The page of a connect link, for someone without an account."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """What would be connected, and a button."""
        try:
            link = _link_of(request)
            settings = entries.settings_for(
                link.instance, entries.entry_for(link.instance, link.auth_id)
            )
        except HubError as error:
            return pages.refused(request, error)
        context = {
            "name": link.instance.name,
            "system": link.instance.definition.name,
            "host": authorize.host_of(settings),
            "asked": scopes.names_of(settings.scopes),
            "expires_at": link.expires_at,
        }
        response = render(request, _PAGE, context)
        browser.keep_private(response, form=True)
        return response

    def post(self, request: HttpRequest) -> HttpResponse:
        """To the provider."""
        try:
            link = _link_of(request)
            started = start_flow(
                instance=link.instance,
                caller=links.caller_of(link),
                via=FlowVia.LINK,
                auth_id=link.auth_id,
                link=link,
            )
        except HubError as error:
            return pages.refused(request, error)
        return pages.onward(request, started)


def _link_of(request: HttpRequest) -> ConnectLink:
    browser.throttle(request)
    return links.open_link(request.GET.get("link", ""))
