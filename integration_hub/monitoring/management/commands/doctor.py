"""`manage.py doctor`: what is right, what is not, and what to do about it."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integration_hub.monitoring.findings import LOOKS, Finding, State, examine


class Command(BaseCommand):
    help = (
        "Check settings, database, migrations, broker, workers, keys, clock, outbound policy and "
        "limits, and say what to do about each. Exit code 1 when something failed. "
        "Example: manage.py doctor --json"
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        parser.add_argument(
            "--only",
            action="append",
            choices=LOOKS,
            help="look at this alone, for a health check; may be given more than once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(examine(only=options["only"] or LOOKS))
        worst = _worst(found)
        if options["json"]:
            body = {"status": worst, "findings": [finding.as_dict() for finding in found]}
            self.stdout.write(json.dumps(body, indent=2))
        else:
            for finding in found:
                self._show(finding)
        if worst == "fail":
            sys.exit(1)

    def _show(self, finding: Finding) -> None:
        paint = {
            "ok": self.style.SUCCESS,
            "warn": self.style.WARNING,
            "fail": self.style.ERROR,
        }[finding.state]
        self.stdout.write(f"{paint(f'{finding.state:4}')}  {finding.subject:10} {finding.detail}")
        if finding.remedy:
            self.stdout.write(f"      {'':10} → {finding.remedy}")


def _worst(found: list[Finding]) -> State:
    states = {finding.state for finding in found}
    return "fail" if "fail" in states else "warn" if "warn" in states else "ok"
