"""`manage.py leak_scan`: does a stored row hold a known secret in clear?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from credentials.leaks import scan


class Command(BaseCommand):
    help = (
        "Search every text column for the secrets that the hub knows, raw, escaped or encoded, "
        "and name table, column and row. Exit code 1 when one was found. "
        "Example: manage.py leak_scan --json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(scan(told=self._progress))
        if self.stderr.isatty():
            self.stderr.write("")
        if options["json"]:
            body = {"ok": not found, "leaks": [asdict(leak) for leak in found]}
            self.stdout.write(json.dumps(body, indent=2))
        else:
            for leak in found:
                self.stdout.write(self.style.ERROR(f"{leak.table}.{leak.column} row {leak.pk}"))
            self.stdout.write(f"{len(found)} places hold a known secret.")
        if found:
            sys.exit(1)

    def _progress(self, table: str, seen: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{table}: {seen} rows", ending="")
