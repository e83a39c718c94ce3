"""Connecting in the admin: the page behind the button, and the making of a connect link."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from credentials.choices import FlowVia
from credentials.models import Credential
from credentials.oauth2 import authorize, browser, entries, links, pages, scopes
from credentials.oauth2.start import client_data, start_flow
from integration_hub.access.caller import Caller
from integration_hub.access.person import caller_of
from integration_hub.lib.errors import HubError
from registry.models import Instance
from registry.spec import AuthSpec

_PAGE = "admin/credentials/credential/connect.html"
_RIGHT = "credentials.change_credential"


class ConnectForm(forms.Form):
    """The client, where it is not stored yet or another one is meant."""

    client_id = forms.CharField(
        required=False, max_length=1_000, widget=UnfoldAdminTextInputWidget, label="Client id"
    )
    client_secret = forms.CharField(
        required=False, max_length=4_000, strip=False, label="Client secret",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, stored: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stored:
            for field in self.fields.values():
                field.help_text = "Empty: the stored one."

    def client(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if value}


def connect_view(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Registered below the admin of credentials, which lets staff alone in."""
    if not request.user.has_perm(_RIGHT):
        raise PermissionDenied
    caller = caller_of(request)
    instance = get_object_or_404(Instance.objects.select_related("definition"), pk=instance_id)
    try:
        entry = entries.entry_for(instance, request.GET.get("auth") or None)
        return _answered(request, instance, entry, caller)
    except HubError as error:
        back = reverse("admin:registry_instance_change", args=[instance.pk])
        return pages.refused(request, error, back)


def _answered(
    request: HttpRequest, instance: Instance, entry: AuthSpec, caller: Caller
) -> HttpResponse:
    link = ""
    form = ConnectForm(
        request.POST if request.POST.get("do") == "connect" else None,
        stored=bool(client_data(instance, entry).get("client_id")),
    )
    if request.method == "POST":
        do = request.POST.get("do")
        if do == "connect" and form.is_valid():
            started = start_flow(
                instance=instance,
                caller=caller,
                via=FlowVia.ADMIN,
                auth_id=entry.id,
                client=form.client(),
            )
            return pages.onward(request, started)
        if do == "link":
            _, link = links.create_link(instance=instance, caller=caller, auth_id=entry.id)
        if do == "revoke":
            ended = links.revoke_links(instance=instance, caller=caller)
            messages.info(request, f"Connect links ended: {ended}.")
    return _page(request, instance, entry, form, link)


def _page(
    request: HttpRequest, instance: Instance, entry: AuthSpec, form: ConnectForm, link: str
) -> HttpResponse:
    told = entries.settings_for(instance, entry)
    public = urlsplit(settings.HUB_PUBLIC_URL).netloc
    context = {
        **admin.site.each_context(request),
        "opts": Credential._meta,
        "title": f"Connect {instance.slug}",
        "instance": instance,
        "entry": entry,
        "host": authorize.host_of(told),
        "asked": scopes.names_of(told.scopes),
        "redirect_uri": authorize.redirect_uri(),
        "form": form,
        "link": link,
        # A browser that is logged in at another address comes back as a stranger.
        "elsewhere": "" if request.get_host() == public else settings.HUB_PUBLIC_URL,
    }
    response = TemplateResponse(request, _PAGE, context)
    browser.keep_private(response, form=True)
    return response


def connect_button(request: HttpRequest, instance: Instance) -> tuple[str, str] | None:
    """On an instance's page: Connect, or Reconnect where something is stored already."""
    if not request.user.has_perm(_RIGHT) or not entries.connectable(instance):
        return None
    known = Credential.objects.filter(instance=instance, type=entries.TYPE).exists()
    address = reverse("admin:credentials_credential_connect", args=[instance.pk])
    return "Reconnect" if known else "Connect", address
