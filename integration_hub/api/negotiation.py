"""Which parser reads, which renderer answers."""

from __future__ import annotations

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

# What nearly every client sends; they need no weighing of alternatives.
_PLAIN = frozenset({"", "*/*", "application/json", "application/problem+json"})
MAX_TYPE_LENGTH = 256


def takes_json(accept: str) -> bool:
    """Whether this `Accept` plainly takes JSON; others have to be weighed."""
    return accept.strip() in _PLAIN


class HubNegotiation(DefaultContentNegotiation):
    """A parser may list several `media_types`; one renderer means no `?format=`."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        sent = (request.content_type or "")[: MAX_TYPE_LENGTH + 1]
        plain = sent.partition(";")[0].strip().lower()
        for parser in parsers:
            if plain in getattr(parser, "media_types", (parser.media_type,)):
                return parser
        return None

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        choices = list(renderers)
        if len(choices) == 1:
            only = choices[0]
            wanted = request.META.get("HTTP_ACCEPT", "")
            if takes_json(wanted):
                return only, str(only.media_type)
        found: tuple[BaseRenderer, str] = super().select_renderer(request, choices, format_suffix)
        return found
