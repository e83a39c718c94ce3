"""The person at the admin: how rows name them, and what they may do."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from integration_hub.access.caller import Caller
from integration_hub.access.services import caller_of_user


def actor_of(request: HttpRequest) -> str:
    """How the audit log names the person."""
    return f"user:{request.user.pk}"


def caller_of(request: HttpRequest) -> Caller:
    """Raises PermissionDenied for nobody."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return caller_of_user(request.user)


def caller_with(request: HttpRequest, scope: str) -> Caller:
    """The same, and PermissionDenied without this scope."""
    caller = caller_of(request)
    if not caller.can(scope):
        raise PermissionDenied
    return caller
