"""The failures of a span of time, grouped; read from the log, so that nothing is counted twice.

Of each group also what was changed before it began: the instance, its definition's
version, its credential, the hub's own release, as the audit log has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from executor import selectors
from executor.choices import ExecutionStatus
from executor.insight.hints import hint_for
from executor.insight.normal import normalised
from integration_hub.access.caller import Caller
from integration_hub.audit import releases
from integration_hub.audit.models import AuditEntry
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.ids import floor_id

WINDOWS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
LOOKED_AT = 2_000
"""The newest failures that are read: what is wrong now shows long before the last of them."""

GROUPS = 100
CHANGES = 5
READ = 200
BEFORE = timedelta(hours=24)
_FAILED = (ExecutionStatus.FAILED, ExecutionStatus.OUTCOME_UNKNOWN)
_CHANGED = ("instance", "credential")


@dataclass(slots=True)
class Group:
    """Failures that are the same but for ids, numbers and values."""

    integration: str
    method: str
    code: str
    upstream_status: int | None
    message: str
    last_at: datetime
    example: UUID
    first_at: datetime = field(init=False)
    count: int = 0
    definitions: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.first_at = self.last_at


@dataclass(frozen=True, slots=True)
class Found:
    """The groups, most frequent first; `complete` is False when older failures were left out."""

    groups: list[Group]
    complete: bool


def failures(caller: Caller, window: timedelta, instance: str = "") -> Found:
    """What failed for the caller's eyes within `window`, at one instance or at all."""
    rows = selectors.visible(caller).filter(
        status__in=_FAILED, pk__gte=floor_id(clock.now() - window)
    )
    if instance:
        rows = rows.filter(instance_slug=instance)
    names = ("pk", "instance_slug", "method", "code", "definition_ref", "created_at", "error")
    found = list(rows.order_by("-id").values_list(*names)[: LOOKED_AT + 1])
    groups: dict[tuple[Any, ...], Group] = {}
    for pk, slug, method, code, definition, at, error in found[:LOOKED_AT]:
        problem = jsonsafe.loads(error) if error else {}
        status = (problem.get("upstream") or {}).get("status")
        message = normalised(str(problem.get("detail", "")))
        key = (slug, method, code, status, message)
        group = groups.setdefault(key, Group(*key, last_at=at, example=pk))
        group.count += 1
        group.first_at = at
        group.definitions.add(definition)
    ordered = sorted(groups.values(), key=lambda group: (-group.count, group.integration))
    return Found(ordered[:GROUPS], complete=len(found) <= LOOKED_AT)


def shown(groups: list[Group]) -> list[dict[str, Any]]:
    """As the API and the admin show them, each with what was changed before it began."""
    deploys = _deploys() if groups else []
    changes = {slug: _changes(slug, deploys) for slug in {group.integration for group in groups}}
    return [
        {
            "integration": group.integration,
            "method": group.method,
            "code": group.code,
            "upstream_status": group.upstream_status,
            "message": group.message,
            "count": group.count,
            "first_at": group.first_at,
            "last_at": group.last_at,
            "definitions": sorted(group.definitions),
            "example": group.example,
            "hint": hint_for(group.code, group.upstream_status),
            "changed_before": _before(group, changes[group.integration]),
        }
        for group in groups
    ]


def _deploys() -> list[tuple[datetime, str]]:
    """The last releases of the hub itself, newest first."""
    rows = _audited().filter(target_type=releases.KIND)
    found = rows.values_list("at", "action", "target")[:READ]
    return [(at, f"{action} {target}") for at, action, target in found]


def _changes(slug: str, deploys: list[tuple[datetime, str]]) -> list[tuple[datetime, str]]:
    """The last changes of an instance and of its credential, with the deploys, newest first."""
    rows = _audited().filter(target_type__in=_CHANGED, target=slug)
    return sorted([*rows.values_list("at", "action")[:READ], *deploys], reverse=True)


def _audited() -> QuerySet[AuditEntry]:
    since = clock.now() - max(WINDOWS.values()) - BEFORE
    return AuditEntry.objects.filter(pk__gte=floor_id(since)).order_by("-id")


def _before(group: Group, changes: list[tuple[datetime, str]]) -> list[dict[str, Any]]:
    near = [
        {"at": at, "what": action}
        for at, action in changes
        if group.first_at - BEFORE <= at <= group.first_at
    ]
    return near[:CHANGES]
