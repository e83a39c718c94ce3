"""What pages of the admin stand on: here alone django-unfold, which has no types, is a base."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline


class HubAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A page of the admin in the hub's looks."""


class ReadOnlyAdmin(HubAdmin):
    """Rows that are looked at: nobody makes, edits or deletes one, whatever their rights."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_right_to_change(self, request: HttpRequest) -> bool:
        """Django's own right, which the actions of such a page ask for."""
        return bool(super().has_change_permission(request))


class ReadOnlyInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """The same of rows that stand on the page of another."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
