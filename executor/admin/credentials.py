"""Test and rotate a credential in the admin: the same services as REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from credentials.forms import RotateForm
from credentials.models import Credential
from credentials.scheme import schemes
from executor import credential_rotation
from executor.credential_tests import asking
from integration_hub.access.caller import Caller
from integration_hub.access.person import caller_of
from integration_hub.lib.errors import HubError
from registry.models import Instance

Link = tuple[str, str] | None
_RIGHT = "credentials.change_credential"


def test_link(request: HttpRequest, row: Credential) -> Link:
    return _link(request, row, "Test credential", "executor_credential_test")


def rotate_link(request: HttpRequest, row: Credential) -> Link:
    return _link(request, row, "Rotate", "executor_credential_rotate")


def _link(request: HttpRequest, row: Credential, title: str, name: str) -> Link:
    if row.type not in schemes or not request.user.has_perm(_RIGHT):
        return None
    return title, reverse(f"admin:{name}", args=[row.instance_id])


@require_http_methods(["GET", "POST"])
def test_credential(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Asks first (GET), tests then (POST): a link alone never makes a call."""
    caller, row = _allowed(request, instance_id)
    context = _context(row, f"Test the credential of {row.instance.slug}")
    if request.method == "POST":
        context |= _tested(caller, instance_id)
    return _page(request, "credential_test", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def rotate_credential(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """A new secret is tried before it is in force; a refused one is said and changes nothing."""
    caller, row = _allowed(request, instance_id)
    if row.type not in schemes:
        raise Http404
    form = RotateForm(schemes.get(row.type), request.POST or None)
    if request.method == "POST" and form.is_valid() and _rotated(request, caller, row, form):
        return redirect(_back(row))
    context = _context(row, f"Rotate the credential of {row.instance.slug}")
    return _page(request, "credential_rotate", context | {"form": form})


def _tested(caller: Caller, instance_id: UUID) -> dict[str, Any]:
    try:
        return {"report": asking.ask(caller=caller, instance_ref=str(instance_id))}
    except HubError as error:
        return {"untested": error.detail}


def _allowed(request: HttpRequest, instance_id: UUID) -> tuple[Caller, Credential]:
    """Who may change the credential, of an instance that they see."""
    if not request.user.has_perm(_RIGHT):
        raise PermissionDenied
    caller = caller_of(request)
    seen = Instance.objects.visible_to(caller).filter(pk=instance_id)
    rows = Credential.objects.select_related("instance").defer("secret")
    row = rows.filter(instance__in=seen).first()
    if row is None:
        raise Http404
    return caller, row


def _rotated(request: HttpRequest, caller: Caller, row: Credential, form: RotateForm) -> bool:
    try:
        done = credential_rotation.rotate(
            caller=caller,
            instance_ref=str(row.instance_id),
            data=form.data_to_store(),
            grace_seconds=form.cleaned_data["grace_seconds"],
        )
    except HubError as error:
        form.show(error.errors, error.detail)
        return False
    said = "a call succeeded with it" if done.verified else "no call tried it"
    log = admin.site.get_model_admin(Credential)
    log.log_change(request, done.row, [{"changed": {"name": "credential", "object": "rotated"}}])
    messages.success(request, f"The new secret of {done.instance.slug} is in force; {said}.")
    return True


def _back(row: Credential) -> str:
    return reverse("admin:credentials_credential_change", args=[row.pk])


def _context(row: Credential, title: str) -> dict[str, Any]:
    return {"title": title, "instance": row.instance, "row": row, "back": _back(row)}


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    told = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, f"admin/executor/{name}.html", told)
