"""One line a request in the log: the middleware's own, and no second one by Django."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpResponse

Response = TypeVar("Response", bound=HttpResponse)


def without_second_line(response: Response) -> Response:
    """The same response, of which Django writes no line: RequestIdMiddleware writes it."""
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
    return response
