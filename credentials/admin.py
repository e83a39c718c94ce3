"""Credentials in the admin: listed without decrypting, written and never shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from unfold.utils import display_for_label

from credentials import ageing, home, services
from credentials.admin_connect import connect_button, connect_view
from credentials.admin_filters import EndsFilter, RotationFilter
from credentials.choices import CredentialStatus
from credentials.forms import CredentialForm
from credentials.models import Credential
from credentials.page_links import links_of
from credentials.renewing import refresh_credential
from credentials.scheme import schemes
from credentials.selectors import choices_for, instances_without, reason_of, shown_status
from integration_hub.access.home import home_cards
from integration_hub.access.person import caller_of
from integration_hub.api import stale_form
from integration_hub.lib.errors import HubError, PreconditionFailed
from integration_hub.model_admin import HubAdmin
from registry.instance_links import instance_links
from registry.models import Instance
from registry.spec import AuthSpec

_COLOURS = {
    CredentialStatus.ACTIVE: "success",
    CredentialStatus.REFRESHING: "info",
    CredentialStatus.EXPIRED: "warning",
    CredentialStatus.REVOKED: "danger",
}
RENEWED_AT_ONCE = 20
_FORM = "admin/credentials/credential/form.html"
_CHOOSE = "admin/credentials/credential/choose.html"


@admin.register(Credential)
class CredentialAdmin(HubAdmin):
    list_display = (
        "slug",
        "type",
        "auth_id",
        "state",
        "hint",
        "expires_at",
        "refresh_at",
        "rotation_due",
        "revision",
    )
    list_filter = ("type", "status", RotationFilter, EndsFilter)
    list_select_related = ("instance",)
    search_fields = ("instance__slug", "instance__name")
    ordering = ("instance__slug",)
    actions = ("renew", "forget")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        rows: QuerySet[Credential] = super().get_queryset(request)
        return rows.defer("secret")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting goes through the service, which also tells the instance."""
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @admin.display(description="Instance", ordering="instance__slug")
    def slug(self, row: Credential) -> str:
        return row.instance.slug

    @admin.display(description="Status", ordering="status")
    def state(self, row: Credential) -> SafeString:
        return _badge(row)

    @admin.display(description="Rotation due", empty_value="—")
    def rotation_due(self, row: Credential) -> datetime | SafeString | None:
        due = ageing.rotation_due_at(row)
        if due is None or not ageing.is_due(row):
            return due
        since: SafeString = display_for_label(f"since {due:%Y-%m-%d}", "", "warning")
        return since

    @admin.action(description="Delete the selected credentials", permissions=["delete"])
    def forget(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        for row in queryset.select_related("instance"):
            with transaction.atomic():
                self.log_deletions(request, Credential.objects.filter(pk=row.pk))
                self.delete_model(request, row)
        self.message_user(request, "Deleted. Instances that need a credential wait for a new one.")

    @admin.action(description="Renew the selected credentials now", permissions=["change"])
    def renew(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        """One after the other; each says how it went."""
        for row in queryset.select_related("instance")[:RENEWED_AT_ONCE]:
            self._renew(request, row.instance)

    def _renew(self, request: HttpRequest, instance: Instance) -> None:
        try:
            row = refresh_credential(instance=instance, caller=caller_of(request))
        except HubError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return
        self.log_change(request, row, [{"changed": {"name": "credential", "object": "renewed"}}])
        said = f"The credential of {instance.slug} is renewed, until {row.token_expires_at}."
        self.message_user(request, said, messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Credential) -> None:
        services.delete_credential(instance=obj.instance, caller=caller_of(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(connect_view)
        own = path("connect/<uuid:instance_id>/", view, name="credentials_credential_connect")
        return [own, *super().get_urls()]

    @method_decorator(sensitive_post_parameters())
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """First the instance, then the fields that its `auth` entry asks for."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        key = request.GET.get("instance", "")
        if not key:
            return self._choose(request)
        instance = Instance.objects.select_related("definition").filter(slug=key).first()
        if instance is None:
            raise Http404
        row = Credential.objects.filter(instance=instance).first()
        if row is not None:
            if request.method == "POST":
                said = stale_form.MADE + stale_form.SECRETS
                self.message_user(request, said, messages.WARNING)
            return redirect(_change_url(row))
        entries = choices_for(instance)
        wanted = request.GET.get("auth", "")
        entry = next((item for item in entries if item.id == wanted), None)
        if entry is None and len(entries) != 1:
            return self._choose(request, instance, entries)
        return self._form(request, instance, entry or entries[0], None)

    @method_decorator(sensitive_post_parameters())
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Another secret for the same entry, or for another one of the definition."""
        row = self.get_object(request, object_id)
        if row is None:
            gone: HttpResponse = self._get_obj_does_not_exist_redirect(
                request, self.opts, object_id
            )
            return gone
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        instance = Instance.objects.select_related("definition").get(pk=row.instance_id)
        if request.method == "POST" and "_renew" in request.POST:
            if not self.has_change_permission(request, row):
                raise PermissionDenied
            self._renew(request, instance)
            return redirect(_change_url(row))
        wanted = request.GET.get("auth") or row.auth_id
        entry = next((item for item in choices_for(instance) if item.id == wanted), None)
        return self._form(request, instance, entry, row)

    def _choose(
        self,
        request: HttpRequest,
        instance: Instance | None = None,
        entries: tuple[AuthSpec, ...] = (),
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add credential",
            "instance": instance,
            "entries": entries,
            "instances": [] if instance else instances_without(),
        }
        return TemplateResponse(request, _CHOOSE, context)

    def _form(
        self,
        request: HttpRequest,
        instance: Instance,
        entry: AuthSpec | None,
        row: Credential | None,
    ) -> HttpResponse:
        may_write = row is None or self.has_change_permission(request, row)
        form = None
        if entry is not None and entry.type in schemes and may_write:
            form = _form_for(request, entry, row)
            if request.method == "POST" and form.is_valid():
                saved = self._store(request, instance, entry, form)
                if saved is not None:
                    return redirect(reverse("admin:credentials_credential_changelist"))
        elif request.method == "POST":
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Credential of {instance.slug}",
            "instance": instance,
            "entry": entry,
            "entries": choices_for(instance),
            "row": row,
            "rotation_due": self.rotation_due(row) if row else None,
            "badge": _badge(row) if row else "",
            "mark": stale_form.mark_of(row),
            "original": row,
            "form": form,
            "may_renew": row is not None and row.refresh_at is not None and may_write,
            "links": links_of(request, row) if row else [],
            "connect": connect_button(request, instance),
            "may_delete": row is not None and self.has_delete_permission(request, row),
        }
        return TemplateResponse(request, _FORM, context)

    def _store(
        self, request: HttpRequest, instance: Instance, entry: AuthSpec, form: CredentialForm
    ) -> Credential | None:
        try:
            row = services.put_credential(
                instance=instance,
                type=entry.type,
                auth_id=entry.id,
                data=form.data_to_store(),
                expires_at=form.cleaned_data["expires_at"],
                caller=caller_of(request),
                precondition=lambda found: _refuse_stale(request, found),
            )
        except HubError as error:
            form.show(error.errors, error.detail)
            return None
        if row.revision == 1:
            self.log_addition(request, row, [{"added": {}}])
        else:
            self.log_change(request, row, [{"changed": {"fields": form.changed_data}}])
        self.message_user(
            request, f"The credential of {instance.slug} is stored.", messages.SUCCESS
        )
        return row


def _refuse_stale(request: HttpRequest, found: Credential | None) -> None:
    """Judges the row under its instance's lock. Raises PreconditionFailed."""
    if stale_form.is_stale(request.POST, found):
        said = stale_form.GONE if found is None else stale_form.CHANGED
        raise PreconditionFailed(said + stale_form.SECRETS)


def _badge(row: Credential) -> SafeString:
    status = CredentialStatus(shown_status(row))
    shown: SafeString = display_for_label((status, status.label), "", _COLOURS)
    return format_html("{} {}", shown, reason_of(row))


def _form_for(request: HttpRequest, entry: AuthSpec, row: Credential | None) -> CredentialForm:
    same = row is not None and (row.auth_id, row.type) == (entry.id, entry.type)
    expires = {"expires_at": row.expires_at} if row else {}
    return CredentialForm(
        schemes.get(entry.type), request.POST or None, stored=same, initial=expires
    )


def _change_url(row: Credential) -> str:
    return reverse("admin:credentials_credential_change", args=[row.pk])


def credential_link(request: HttpRequest, instance: Instance) -> tuple[str, str] | None:
    """The button on an instance's page."""
    row = Credential.objects.filter(instance=instance).only("pk").first()
    if row is not None and request.user.has_perm("credentials.view_credential"):
        return "Credential", _change_url(row)
    if (
        row is None
        and request.user.has_perm("credentials.add_credential")
        and choices_for(instance)
    ):
        address = reverse("admin:credentials_credential_add")
        return "Add credential", f"{address}?instance={instance.slug}"
    return None


home_cards.add("credentials", home.cards)
instance_links.add("connect", connect_button)
instance_links.add("credential", credential_link)
