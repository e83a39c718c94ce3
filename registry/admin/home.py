"""The card of integrations: how many are how, and those that need a person by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.urls import reverse

from integration_hub.access.home import LINES, Card, Figure, Line, Link, Tone, Viewer, listing
from registry.choices import Health, InstanceState
from registry.models import Instance

_MODEL = "registry_instance"
_ON = {"enabled__exact": "1"}
_LOGIN = InstanceState.PENDING_AUTHENTICATION
_ERRORS = (InstanceState.AUTH_ERROR, InstanceState.CONFIG_ERROR)
_SETUP = (_LOGIN, InstanceState.PENDING_CONFIGURATION)
_TONES = {
    Health.UNHEALTHY: Tone.BAD,
    Health.DEGRADED: Tone.WARN,
    Health.HEALTHY: Tone.OK,
    Health.UNKNOWN: Tone.QUIET,
}
_LABELS = {
    Health.UNHEALTHY: "Unhealthy",
    Health.DEGRADED: "Degraded",
    Health.HEALTHY: "Healthy",
    Health.UNKNOWN: "Not checked yet",
}
_WORST_FIRST = Case(
    When(health=Health.UNHEALTHY, then=Value(0)),
    When(state__in=_ERRORS, then=Value(1)),
    When(health=Health.DEGRADED, then=Value(2)),
    default=Value(3),
)
_TROUBLED = Q(health__in=[Health.UNHEALTHY, Health.DEGRADED]) | Q(state__in=[*_ERRORS, *_SETUP])


def cards(viewer: Viewer) -> Iterator[Card]:
    """Two statements. An instance that is switched off needs nobody."""
    if not viewer.may("registry.view_instance"):
        return
    rows = Instance.objects.visible_to(viewer.caller)
    figures = _figures(rows)
    if not figures:
        yield _nothing_yet(viewer)
        return
    yield Card(
        name="integrations",
        title="Integrations",
        rank=0,
        figures=figures,
        lines=_lines(rows.filter(enabled=True)),
        more=Link("All instances", listing(_MODEL)),
        empty="None needs a person: every enabled instance is as it should be.",
        wide=True,
    )


def _figures(rows: QuerySet[Instance]) -> list[Figure]:
    """Counts by health, of states that need a person and of those switched off; [] for none."""
    groups = rows.order_by().values_list("enabled", "health", "state").annotate(n=Count("pk"))
    health: Counter[str] = Counter()
    states: Counter[str] = Counter()
    off = 0
    for enabled, how, state, count in groups:
        if enabled:
            health[how] += count
            states[state] += count
        else:
            off += count
    if not (health or off):
        return []
    found = [_of_health(how, health[how]) for how in _LABELS]
    found += _of_states("With an error", _ERRORS, states, Tone.BAD)
    found += _of_states("Waiting for set-up", _SETUP, states, Tone.WARN)
    if off:
        found.append(Figure("Switched off", f"{off:,}", listing(_MODEL, enabled__exact="0")))
    return found


def _of_health(how: Health, count: int) -> Figure:
    address = listing(_MODEL, health__exact=how.value, **_ON)
    return Figure(_LABELS[how], f"{count:,}", address, _TONES[how] if count else Tone.QUIET)


def _of_states(
    label: str, states: tuple[InstanceState, ...], found: Counter[str], tone: Tone
) -> list[Figure]:
    count = sum(found[state] for state in states)
    address = listing(_MODEL, state__in=",".join(states), **_ON)
    return [Figure(label, f"{count:,}", address, tone)] if count else []


def _lines(rows: QuerySet[Instance]) -> list[Line]:
    sick = rows.filter(_TROUBLED).order_by(_WORST_FIRST, "slug")
    columns = ("pk", "slug", "name", "health", "health_reason", "health_since")
    return [
        _line(row) for row in sick.only(*columns, "state", "state_reason", "state_since")[:LINES]
    ]


def _line(row: Instance) -> Line:
    """Its health where that is bad, else its state; with why and since when."""
    ill = row.health == Health.UNHEALTHY
    of_health = ill or (row.health == Health.DEGRADED and row.state not in _ERRORS)
    badge, tone = row.get_state_display(), Tone.WARN if row.state in _SETUP else Tone.BAD
    if of_health:
        badge, tone = row.get_health_display(), _TONES[Health(row.health)]
    reason = row.health_reason if of_health else row.state_reason
    since: datetime | None = row.health_since if of_health else row.state_since
    address = reverse(f"admin:{_MODEL}_change", args=[row.pk])
    title = row.name if row.name == row.slug else f"{row.name} ({row.slug})"
    return Line(title, address, badge, tone, reason, since)


def _nothing_yet(viewer: Viewer) -> Card:
    """A fresh installation: what to do, in its order, for who may."""
    steps = (
        (
            "registry.view_definition",
            "1. Choose a definition, or import one",
            "definition_changelist",
        ),
        ("registry.add_instance", "2. Add an instance of it", "instance_add"),
    )
    return Card(
        name="integrations",
        title="Nothing is connected yet",
        rank=0,
        empty=(
            "Choose the definition of an external system or import one, add an instance with its "
            "configuration, give the instance its credential, and try one of its methods."
        ),
        steps=[
            Link(title, reverse(f"admin:registry_{page}"))
            for right, title, page in steps
            if viewer.may(right)
        ],
        wide=True,
    )
