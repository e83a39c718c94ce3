"""Default deny: a view says which scope each method needs, or nobody gets in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from integration_hub.access.caller import Caller
from integration_hub.api.request import caller_of
from integration_hub.api.translate import SAY_WHO
from integration_hub.lib.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    # DRF imports this module while it builds its own views.
    from rest_framework.views import APIView

PUBLIC: Final = "public"
ScopeRule = str | tuple[str, ...]
ScopeRules = Mapping[str, ScopeRule]


def rule_for(view: APIView, method: str) -> ScopeRule | None:
    """The scopes of which one is needed. A viewset's action wins over the method; HEAD is GET."""
    rules: ScopeRules = getattr(view, "required_scopes", {})
    action = getattr(view, "action", None)
    if isinstance(action, str) and action in rules:
        return rules[action]
    return rules.get("GET" if method == "HEAD" else method)


class ScopePermission(BasePermission):
    """Compares the caller's scopes with the view's `required_scopes`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = request.method or ""
        rule = rule_for(view, method)
        if rule == PUBLIC:
            return True
        caller = caller_of(request)
        if caller.is_anonymous:
            raise Unauthenticated(SAY_WHO)
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return True  # answered with the list of methods, or with 405
        _require(rule, caller)
        return True


def require_scope(view: APIView, method: str, caller: Caller) -> None:
    """Raise Forbidden unless `caller` has a scope that this call of the view needs."""
    _require(rule_for(view, method), caller)


def _require(rule: ScopeRule | None, caller: Caller) -> None:
    if rule is None:
        raise Forbidden("No scope is defined for this call, so nobody may make it.")
    allowed = (rule,) if isinstance(rule, str) else rule
    if not any(caller.can(scope) for scope in allowed):
        raise Forbidden(
            f"This needs the scope {' or '.join(allowed)}; {caller.name or caller.owner} has "
            f"{', '.join(sorted(caller.scopes)) or 'none'}. Use a token that has it."
        )
