"""What is done to people and groups in the admin, in the audit log as well."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from integration_hub.access.person import actor_of
from integration_hub.audit.services import record


class AuditedAdmin:
    """For a ModelAdmin: a row in the transaction of each addition, change and deletion.

    The row names the fields, never their values. Stands before Django's classes.
    """

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record_change(request, obj, "created", message)
        return super().log_addition(request, obj, message)  # type: ignore[misc]  # that of Django's class beside it

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record_change(request, obj, "changed", message)
        return super().log_change(request, obj, message)  # type: ignore[misc]  # that of Django's class beside it

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        for obj in queryset:
            record_change(request, obj, "deleted", [])
        return super().log_deletions(request, queryset)  # type: ignore[misc]  # that of Django's class beside it

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        with transaction.atomic():  # an action of the list is in none of Django's
            return super().response_action(request, queryset)  # type: ignore[misc]  # that of Django's class beside it


def record_change(request: HttpRequest, obj: Any, verb: str, message: Any) -> None:
    """What was done to a row of the admin, by whom; `message` names fields, never values."""
    kind = obj._meta.model_name
    record(
        actor=actor_of(request),
        action=f"{kind}.{verb}",
        target_type=kind,
        target=str(obj),
        detail={"id": obj.pk, "what": message},
    )
