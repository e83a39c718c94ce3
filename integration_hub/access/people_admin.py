"""People and groups in the admin, in its own look. Only a superuser gives rights."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from integration_hub.access.audited_admin import AuditedAdmin
from integration_hub.model_admin import HubAdmin

_RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(AuditedAdmin, DjangoUserAdmin, HubAdmin):  # type: ignore[misc,type-arg]  # unfold has no types
    """Who may change people but is no superuser can give no right and take over no superuser."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    filter_horizontal = ("user_permissions",)
    autocomplete_fields = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        own = ("last_login", "date_joined")
        return own if _is_superuser(request.user) else (*own, *_RIGHTS)

    @transaction.atomic
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's name
        form_url: str = "",
    ) -> HttpResponse:
        response: HttpResponse = super().user_change_password(request, id, form_url)
        return response

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_touch(request, obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_touch(request, obj) and bool(super().has_delete_permission(request, obj))


@admin.register(Group)
class GroupAdmin(AuditedAdmin, DjangoGroupAdmin, HubAdmin):  # type: ignore[misc]  # unfold has no types
    """A group is a set of rights, so only a superuser writes one."""

    list_display = ("name", "members")

    @admin.display(description="Members")
    def members(self, group: Group) -> int:
        return group.user_set.count()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request.user)


def _may_touch(request: HttpRequest, row: Any) -> bool:
    return not _is_superuser(row) or _is_superuser(request.user)


def _is_superuser(person: Any) -> bool:
    return bool(getattr(person, "is_superuser", False))
