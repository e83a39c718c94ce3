"""`manage.py purge_executions`: retention now, instead of at the pacer's next hour."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from executor.delivery import purge
from integration_hub.coordination import dbtime


class Command(BaseCommand):
    help = (
        "Delete final executions older than the retention, and what else has had its time, in "
        "small batches. The pacer does the same every hour. "
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
        counts: dict[str, int] = {}
        for table, batches in purge.batches_by_table(
            now=dbtime.now(), days=options["days"]
        ).items():
            counts[table] = 0
            for size in batches:
                counts[table] += size
                if self.stderr.isatty():
                    self.stderr.write(f"\r{table}: {counts[table]}", ending="")
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            for table, count in counts.items():
                self.stdout.write(f"{table}: {count} deleted")
