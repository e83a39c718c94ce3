"""A bearer token, or the browser's session with CSRF."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from integration_hub.access import services
from integration_hub.access.caller import Caller
from integration_hub.api.problem import CHALLENGE
from integration_hub.lib.errors import Unauthenticated


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; a token in the query string is never read."""

    def authenticate(self, request: Request) -> tuple[None, Caller] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        return None, bearer(header)

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def bearer(header: str) -> Caller:
    """The caller whom an Authorization header names. Raises Unauthenticated."""
    scheme, _, raw = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated(
            "The Authorization header takes the form `Bearer <token>`; no other scheme is read."
        )
    return services.authenticate(raw.strip())


class BrowserSessionAuthentication(SessionAuthentication):
    """The admin's login; writes need the CSRF token (header X-CSRFToken)."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, Caller] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user = found[0]
        return user, services.caller_of_user(user)
