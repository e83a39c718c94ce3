"""The cards of what is held back: open circuits, throttled instances, maintenance and silences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

from django.urls import reverse

from executor.api.filters import as_uuid
from executor.health import silences
from executor.models import CircuitChange
from integration_hub.access.home import (
    LINES,
    Card,
    Figure,
    Line,
    Link,
    Tone,
    Viewer,
    listing,
    named,
)
from integration_hub.coordination import holds, operated
from integration_hub.coordination.guard import CircuitState
from integration_hub.coordination.models import HoldKind
from registry.models import Instance

LOOKED_AT = 500
"""Circuits that are open and holds in force, of which instances are looked up."""

CHANGES = 200
_INSTANCES = "registry_instance"
_TONES = {"open": Tone.BAD, "forced_open": Tone.WARN, "half_open": Tone.WARN}
_KINDS = {
    HoldKind.REFUSED: "refused a call",
    HoldKind.SPENT: "quota is used up",
    HoldKind.PROBING: "one call goes first",
}

Slugs = dict[UUID, str]


def cards(viewer: Viewer) -> Iterator[Card]:
    if not viewer.may("registry.view_instance"):
        return
    yield _circuits(viewer)
    yield _throttled(viewer)
    if viewer.may("executor.view_healthsilence"):
        yield from _quiet(viewer)


def _circuits(viewer: Viewer) -> Card:
    """Three statements, five where circuits are in the database."""
    states = [state for state in operated.states("") if state.state in _TONES][:LOOKED_AT]
    slugs = _slugs(viewer, (state.scope for state in states))
    seen = [state for state in states if _is_seen(viewer, state.scope, slugs)]
    shown = sorted(seen, key=lambda state: (state.state != "open", state.scope))[:LINES]
    changes = _changes(shown)
    tone = next((_TONES[state.state] for state in shown), Tone.OK)
    owners = [key for key in map(_owner, (state.scope for state in seen)) if key]
    return Card(
        name="circuits",
        title="Open circuits",
        rank=40,
        figures=[Figure("Open circuits", f"{len(seen):,}", named(_INSTANCES, owners), tone)],
        lines=[_circuit(viewer, state, slugs, changes.get(state.scope)) for state in shown],
        empty="None is open: calls go to every external system.",
    )


def _circuit(
    viewer: Viewer, state: CircuitState, slugs: Slugs, change: CircuitChange | None
) -> Line:
    owner, _, rest = state.scope.partition(":")
    key = _owner(state.scope) or (change.instance_id if change else None)
    title = f"Host {rest}" if owner == "host" else f"{slugs[UUID(owner)]} · {rest}"
    return Line(
        title=title,
        url=_circuits_page(viewer, key) if key else "",
        badge=state.state.replace("_", " "),
        tone=_TONES[state.state],
        text=change.reason if change else "",
        at=change.at if change else None,
    )


def _circuits_page(viewer: Viewer, key: UUID) -> str:
    """Where it can be set, for who may, else the instance."""
    if viewer.caller.can("manage"):
        return reverse("admin:executor_execution_circuits", args=[key])
    return reverse(f"admin:{_INSTANCES}_change", args=[key])


def _changes(states: Iterable[CircuitState]) -> dict[str, CircuitChange]:
    """The last change of each; one whose change lies behind 200 of the others has none."""
    rows = CircuitChange.objects.filter(scope__in=[state.scope for state in states])
    found: dict[str, CircuitChange] = {}
    for row in rows.order_by("-id")[:CHANGES]:
        found.setdefault(row.scope, row)
    return found


def _throttled(viewer: Viewer) -> Card:
    """Two statements."""
    held = dict(list(holds.states("").items())[:LOOKED_AT])
    slugs = _slugs(viewer, held)
    rows = [(scope, hold) for scope, hold in held.items() if _owner(scope) in slugs]
    instances = {key for scope, _ in rows if (key := _owner(scope))}
    tone = Tone.WARN if instances else Tone.OK
    lines = []
    for scope, hold in sorted(rows, key=lambda row: -row[1].until)[:LINES]:
        owner, _, method = scope.partition(":")
        key = UUID(owner)
        title = f"{slugs[key]} · {method}" if method else slugs[key]
        until = datetime.fromtimestamp(hold.until, UTC)
        badge = _KINDS[hold.kind]
        lines.append(
            Line(title, _circuits_page(viewer, key), badge, Tone.WARN, "calls go again", until)
        )
    figure = Figure(
        "Throttled instances", f"{len(instances):,}", named(_INSTANCES, instances), tone
    )
    return Card(
        name="throttled",
        title="Throttled",
        rank=50,
        figures=[figure],
        lines=lines,
        empty="No external system asked to be left alone.",
    )


def _quiet(viewer: Viewer) -> Iterator[Card]:
    """One statement; no card where nothing is in force."""
    rows = silences.visible_to(viewer.caller).filter(
        starts_at__lte=viewer.now, ends_at__gt=viewer.now
    )
    found = list(rows.order_by("ends_at")[: LOOKED_AT + 1])
    if not found:
        return
    address = listing("executor_healthsilence")
    lines = [
        Line(
            title=row.instance.slug if row.instance else "Every instance",
            url=address,
            badge=row.get_kind_display(),
            text=row.reason,
            at=row.ends_at,
        )
        for row in found[:LINES]
    ]
    yield Card(
        name="quiet",
        title="Maintenance and silences",
        rank=35,
        figures=[Figure("In force", f"{len(found):,}", address)],
        lines=lines,
        more=Link("All of them", address),
    )


def _owner(scope: str) -> UUID | None:
    """The instance of a circuit or a hold; None for a host's."""
    return as_uuid(scope.partition(":")[0])


def _slugs(viewer: Viewer, scopes: Iterable[str]) -> Slugs:
    keys = {key for scope in scopes if (key := _owner(scope))}
    rows = Instance.objects.visible_to(viewer.caller).filter(pk__in=keys)
    return dict(rows.values_list("pk", "slug"))


def _is_seen(viewer: Viewer, scope: str, slugs: Slugs) -> bool:
    """A host's circuit is others' too, so one with limits does not see it."""
    key = _owner(scope)
    return key in slugs if key else scope.startswith("host:") and not viewer.caller.is_limited
