"""Middleware that only pages need, stepped over by API requests that bring a token.

Such a request is judged by its Authorization header alone (see `authentication`),
so sessions, languages and messages can do nothing for it, and cost it a
tenth of its time. What guards every answer (hosts, TLS, its headers) is not here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import common, locale


def brings_token(request: HttpRequest) -> bool:
    """Whether only its Authorization header, good or bad, says who makes the request."""
    return bool(request.META.get("HTTP_AUTHORIZATION")) and request.path_info.startswith("/api/v1/")


class _Next(Protocol):
    get_response: Callable[[HttpRequest], Any]


class _PagesOnly:
    def __call__(self: _Next, request: HttpRequest) -> HttpResponseBase | Any:
        if brings_token(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # that of the middleware beside it


class SessionMiddleware(_PagesOnly, sessions.SessionMiddleware):
    pass


class LocaleMiddleware(_PagesOnly, locale.LocaleMiddleware):
    pass


class AuthenticationMiddleware(_PagesOnly, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(_PagesOnly, messages.MessageMiddleware):
    pass


class CommonMiddleware(common.CommonMiddleware):
    """No address below /api/ ends with a slash, so none is looked up with one."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        if request.path_info.startswith("/api/"):
            return False
        return super().should_redirect_with_slash(request)
