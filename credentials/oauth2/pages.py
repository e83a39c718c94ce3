"""Pages for people: where the provider sends them back, and the connect page of a link."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from credentials.choices import FlowVia
from credentials.oauth2 import browser
from credentials.oauth2.finish import Finished
from credentials.oauth2.start import Started
from integration_hub.api.request_log import without_second_line
from integration_hub.lib.errors import HubError, UpstreamError

_RESULT = "credentials/connect_result.html"
_ONWARD = "credentials/connect_onward.html"


def onward(request: HttpRequest, started: Started) -> HttpResponse:
    """The step to the provider, as a page of its own.

    A redirect as the answer to a form would have to be named in `form-action`, and with
    it every further address that the provider redirects to.
    """
    context = {"address": started.authorization_url, "host": started.host}
    response = render(request, _ONWARD, context)
    browser.remember(response, started)
    browser.keep_private(response)
    return response


def connected(request: HttpRequest, done: Finished) -> HttpResponse:
    """Back to the instance in the admin, or a page that says that it is done."""
    if done.via == FlowVia.ADMIN:
        level = messages.WARNING if done.warning else messages.SUCCESS
        said = f"{done.instance.slug} is connected to {done.host}. {done.warning}".strip()
        messages.add_message(request, level, said)
        address = reverse("admin:registry_instance_change", args=[done.instance.pk])
        response: HttpResponse = redirect(address)
    else:
        response = _page(request, 200, done=done)
    browser.keep_private(response)
    return response


def refused(request: HttpRequest, error: HubError, back: str = "") -> HttpResponse:
    """What happened and what to do. A refusal by the provider is a 400 here: proxies put
    pages of their own in the place of a 502."""
    status = 400 if isinstance(error, UpstreamError) else error.http_status
    response = _page(request, status, error=error, back=back)
    if error.retry_after is not None:
        response["Retry-After"] = str(max(1, round(error.retry_after)))
    browser.keep_private(response)
    return response


def _page(
    request: HttpRequest,
    status: int,
    *,
    done: Finished | None = None,
    error: HubError | None = None,
    back: str = "",
) -> HttpResponse:
    # Every name that the page looks up is there: for one that is not, Django logs the
    # whole request at DEBUG, its query with it.
    context = {"done": done, "error": error, "back": back}
    return without_second_line(render(request, _RESULT, context, status=status))
