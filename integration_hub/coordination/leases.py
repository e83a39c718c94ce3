"""One holder at a time, by name: leases with a fence, by the database's clock."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Q, QuerySet

from integration_hub.coordination.dbtime import Now
from integration_hub.coordination.models import LeaseRow


@dataclass(frozen=True, slots=True)
class Lease:
    """A held lease. `fence` grows with every new holder, so that a late writer can be told."""

    name: str
    owner: str
    fence: int
    seconds: float

    def renew(self) -> bool:
        """Hold it for `seconds` more. False: another has it now, stop at once."""
        until = Now() + timedelta(seconds=self.seconds)
        return self._mine().update(until=until) == 1

    def release(self) -> bool:
        """Let it go before its time. False: it was another's already."""
        return self._mine().update(until=None, owner="") == 1

    def _mine(self) -> QuerySet[LeaseRow]:
        return LeaseRow.objects.filter(name=self.name, owner=self.owner, fence=self.fence)


def hold(name: str, seconds: float) -> Lease | None:
    """The lease `name` for `seconds`, or None while another holds it."""
    owner = secrets.token_hex(16)
    if not _take(name, owner, seconds):
        if LeaseRow.objects.filter(name=name).exists():
            return None
        LeaseRow.objects.bulk_create([LeaseRow(name=name)], ignore_conflicts=True)
        if not _take(name, owner, seconds):
            return None
    fence = LeaseRow.objects.filter(name=name, owner=owner).values_list("fence", flat=True).first()
    return None if fence is None else Lease(name, owner, fence, seconds)


def _take(name: str, owner: str, seconds: float) -> bool:
    free = LeaseRow.objects.filter(Q(until=None) | Q(until__lte=Now()), name=name)
    until = Now() + timedelta(seconds=seconds)
    return free.update(owner=owner, until=until, fence=F("fence") + 1) == 1
