"""What stands on the admin's home page: cards that each app adds to one catalog at start-up.

The lowest app that knows callers owns the catalog, so that each app above adds what it
knows and none of them imports another. A card is frozen data; one template draws them
all, and what a viewer has no right to see is not made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from integration_hub.access.caller import Caller
from integration_hub.access.person import caller_of
from integration_hub.lib import clock
from integration_hub.lib.catalog import Catalog

WINDOWS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
WINDOW = "24h"
WITHIN = "within"
"""The query parameter that names a window, on the home page and on the lists behind it."""

LINES = 8
"""Rows of a card; the list behind it has the rest."""

COUNTED = 10_000
"""How far a card counts rows of a table that grows."""

NAMED = 40
"""Rows that an address may name one by one."""


class Tone(StrEnum):
    """How good a figure is; `quiet` judges nothing."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks. `may` asks for one of Django's rights, `window` is a key of WINDOWS."""

    caller: Caller
    may: Callable[[str], bool]
    now: datetime
    window: str = WINDOW

    @property
    def since(self) -> datetime:
        return self.now - WINDOWS[self.window]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and the list behind it. One that is `bad` or `warn` stands on top too."""

    label: str
    value: str
    url: str = ""
    tone: Tone = Tone.QUIET
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a card; `at` is shown as the time from or to now."""

    title: str
    url: str = ""
    badge: str = ""
    tone: Tone = Tone.QUIET
    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Calls that began in one step of time."""

    at: datetime
    calls: int
    failed: int


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """`name` is unique on the page; a lower `rank` stands first.

    `empty` is said where there are no lines, with `steps` to go on with; `read` tells
    what the figures were made of.
    """

    name: str
    title: str
    rank: int
    figures: Sequence[Figure] = ()
    lines: Sequence[Line] = ()
    bars: Sequence[Bar] = ()
    more: Link | None = None
    empty: str = ""
    steps: Sequence[Link] = field(default=())
    read: str = ""
    wide: bool = False


Cards = Callable[[Viewer], Iterable[Card]]

home_cards: Catalog[Cards] = Catalog("home card")


def viewer_of(request: HttpRequest) -> Viewer:
    """The person at the admin; a window that is not offered is a day."""
    asked = request.GET.get(WITHIN, "")
    window = asked if asked in WINDOWS else WINDOW
    return Viewer(caller_of(request), request.user.has_perm, clock.now(), window)


def cards_for(viewer: Viewer) -> list[Card]:
    """Every card that this viewer may see, in the order of the page."""
    found = [card for _, cards in home_cards for card in cards(viewer)]
    return sorted(found, key=lambda card: card.rank)


def listing(model: str, **query: str) -> str:
    """The address of a model's list in the admin, narrowed to what `query` says."""
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def named(model: str, keys: Iterable[object]) -> str:
    """The address of a list of these rows alone, the first 40 of them."""
    chosen = sorted({str(key) for key in keys})[:NAMED]
    return listing(model, id__in=",".join(chosen)) if chosen else listing(model)


def counted(rows: QuerySet[Any]) -> int:
    """How many, no further than one more than COUNTED; one statement."""
    return rows.order_by()[: COUNTED + 1].count()


def shown(count: int) -> str:
    """A count for people; what was not counted to its end has a plus."""
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"
