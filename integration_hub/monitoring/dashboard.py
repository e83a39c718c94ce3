"""The admin's home page: is everything all right, and if not, where to look.

The cards are those of `integration_hub.access.home`, to which each app adds its own. Every
figure is bounded by an index or by a number of rows, so that the page costs the same
at a million executions, and links to the list behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET

from integration_hub.access.home import (
    WINDOWS,
    WITHIN,
    Bar,
    Card,
    Figure,
    Tone,
    cards_for,
    viewer_of,
)

EVERY_SECONDS = 15
"""How often the page asks for itself again while somebody looks at it."""

_WORST_FIRST = (Tone.BAD, Tone.WARN)
_SAID = {
    Tone.BAD: "Something needs a person now",
    Tone.WARN: "Working, with something to look at",
    Tone.OK: "Everything is all right",
}


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard callback; who may see no card gets the list of apps."""
    return {**context, **home_context(request)}


@require_GET
def fragment(request: HttpRequest) -> HttpResponse:
    """The cards alone, for the script that keeps the page up to date."""
    response = TemplateResponse(request, "admin/home/cards.html", home_context(request))
    add_never_cache_headers(response)
    return response


def home_context(request: HttpRequest) -> dict[str, Any]:
    """What the templates draw; `hub` is None where there is no card."""
    viewer = viewer_of(request)
    cards = cards_for(viewer)
    if not cards:
        return {"hub": None}
    alarms = alarms_of(cards)
    tone = alarms[0].tone if alarms else Tone.OK
    return {
        "hub": {
            "cards": [{"card": card, "chart": chart_of(card.bars)} for card in cards],
            "alarms": alarms,
            "tone": tone,
            "said": _SAID[tone],
            "now": viewer.now,
            "window": viewer.window,
            "windows": list(WINDOWS),
            "every": EVERY_SECONDS,
            "fragment": f"{reverse('home-fragment')}?{WITHIN}={viewer.window}",
        }
    }


def alarms_of(cards: Sequence[Card]) -> list[Figure]:
    """Figures that a person should look at, the bad ones first."""
    figures = [figure for card in cards for figure in card.figures]
    return [figure for tone in _WORST_FIRST for figure in figures if figure.tone == tone]


def chart_of(bars: Sequence[Bar]) -> dict[str, Any] | None:
    """What the two drawings need: heights in per cent, of the most calls and of all of a bar's."""
    if not any(bar.calls for bar in bars):
        return None
    most = max(bar.calls for bar in bars)
    return {
        "bars": [
            {
                "bar": bar,
                "good": round(100 * (bar.calls - bar.failed) / most, 2),
                "bad": round(100 * bar.failed / most, 2),
                "rate": round(100 * bar.failed / bar.calls, 1) if bar.calls else 0.0,
            }
            for bar in bars
        ],
        "width": 10 * len(bars),
        "most": most,
        "first": bars[0].at,
        "last": bars[-1].at,
    }
