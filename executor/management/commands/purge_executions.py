"""`manage.py purge_executions`: retention now, instead of at the pacer's next hour."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from executor.delivery import purge
from executor.delivery.constants import PURGE_LEASE
from executor.delivery.portion import Portion
from integration_hub.coordination import dbtime
from integration_hub.coordination.leases import Lease
from integration_hub.lib import clock

WAIT_SECONDS = 5.0
_STEP = 0.1


class Command(BaseCommand):
    help = (
        "Delete final executions older than the retention, and what else has had its time, in "
        "small batches. The pacer does the same every hour, a fifth of its time. "
        "Example: manage.py purge_executions --days 7"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=settings.HUB_EXECUTION_RETENTION_DAYS,
            help="how many days of executions to keep (default HUB_EXECUTION_RETENTION_DAYS)",
        )
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        lease = _turn()
        try:
            counts = self._purge(lease, options["days"])
        finally:
            lease.release()
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            for table, count in counts.items():
                self.stdout.write(f"{table}: {count} deleted")

    def _purge(self, lease: Lease, days: int) -> dict[str, int]:
        portion, counts = Portion(), {}
        tables = purge.batches_by_table(now=dbtime.now(), portion=portion, days=days)
        for table, batches in tables.items():
            counts[table] = 0
            for size in _while_held(lease, purge.timed(batches, portion)):
                counts[table] += size
                if self.stderr.isatty():
                    self.stderr.write(f"\r{table}: {counts[table]}", ending="")
        return counts


def _turn() -> Lease:
    """Wait for the end of the pacer's slice; then it leaves the purge to us."""
    end = clock.monotonic() + WAIT_SECONDS
    while (lease := purge.turn()) is None:
        if clock.monotonic() > end:
            raise CommandError("Another process purges this database now; look again later.")
        clock.sleep(_STEP)
    return lease


def _while_held(lease: Lease, batches: Iterator[int]) -> Iterator[int]:
    renewed = clock.monotonic()
    for size in batches:
        yield size
        if clock.monotonic() - renewed > PURGE_LEASE / 4:
            if not lease.renew():
                raise CommandError("Another process has taken over; nothing is lost.")
            renewed = clock.monotonic()
