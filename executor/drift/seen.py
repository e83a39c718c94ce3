"""Counting what changed: by instance, method and field, a few statements a minute at most.

Each process adds up and writes every few seconds, with its next such answer; the
first of a quiet time is written at once. What a process had not written when it
ended is lost: counts are a measure, not an account. No value is kept, for it may be
secret.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from executor.calls import Target
from executor.drift.proposal import kind_at
from executor.models import ResultDrift
from integration_hub.lib import clock, log
from integration_hub.lib.errors import Fault

WRITE_EVERY_S = 5.0
MOST_FIELDS = 500
"""Kept for one instance; one answer names at most `_PER_ANSWER` of them."""

_PER_ANSWER = 20
_logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """`field` is a pointer into the result with `*` for the items of a list."""

    instance_id: UUID
    method: str
    definition_ref: str
    field: str
    code: str
    found: str


class _Process:
    """What this process has counted and not yet written."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: dict[Place, int] = {}
        self.written_at = float("-inf")

    def add(self, found: Iterable[Place]) -> dict[Place, int]:
        """Count; what is due to be written now, which is then no longer here."""
        with self.lock:
            for place in found:
                if place in self.counts or len(self.counts) < MOST_FIELDS:
                    self.counts[place] = self.counts.get(place, 0) + 1
            if clock.monotonic() - self.written_at < WRITE_EVERY_S:
                return {}
            due, self.counts, self.written_at = self.counts, {}, clock.monotonic()
            return due

    def forget(self) -> None:
        with self.lock:
            self.counts, self.written_at = {}, float("-inf")


process = _Process()


def count(target: Target, faults: Iterable[Fault], result: Any) -> None:
    """Take note that a result broke its schema there. Never fails the call."""
    found: set[Place] = set()
    for fault in list(faults)[:_PER_ANSWER]:
        steps = fault.pointer.split("/")[2:]
        place = Place(
            target.instance.id,
            target.method.name,
            target.instance.definition_ref,
            "/".join(["", *("*" if step.isdigit() else step for step in steps)])[:300],
            fault.code,
            kind_at(result, steps),
        )
        found.add(place)
    due = process.add(found)
    if due:
        _write(target.instance.slug, due)


def _write(slug: str, due: dict[Place, int]) -> None:
    now = clock.now()
    with transaction.atomic():
        for place, number in due.items():
            key = {name: getattr(place, name) for name in Place.__slots__}
            changed = ResultDrift.objects.filter(**key).update(
                count=F("count") + number, last_at=now
            )
            if not changed and _has_room(place.instance_id):
                ResultDrift.objects.bulk_create(
                    [ResultDrift(**key, count=number, last_at=now)],
                    ignore_conflicts=True,
                )
    _logger.info("result_drift", instance=slug, fields=len(due))


def _has_room(instance_id: UUID) -> bool:
    return ResultDrift.objects.filter(instance_id=instance_id).count() < MOST_FIELDS


def purge_before(days: int) -> Any:
    """Rows of what was not seen for so long."""
    return ResultDrift.objects.filter(last_at__lt=clock.now() - timedelta(days=days))
