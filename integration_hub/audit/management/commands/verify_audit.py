"""`manage.py verify_audit`: is the audit log as it was written, and if not, where?"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integration_hub.audit.verification import Verdict, verify

_CHECKPOINT = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class Command(BaseCommand):
    help = (
        "Check the audit log against its chain and name every row that was changed, moved or "
        "deleted. Exit code 1 when one was. Example: manage.py verify_audit --json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
        parser.add_argument(
            "--checkpoint",
            metavar="SEQUENCE:CHAIN",
            help="a checkpoint from the service's log (audit.checkpoint), or printed by an "
            "earlier run: finds a log that was put back whole to an earlier state",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify(expected=_expected(options["checkpoint"]))
        if options["json"]:
            self.stdout.write(json.dumps({"ok": verdict.ok, **asdict(verdict)}, indent=2))
        else:
            self._show(verdict)
        if not verdict.ok:
            sys.exit(1)

    def _show(self, verdict: Verdict) -> None:
        for found in verdict.breaks:
            entry = f" (id {found.entry})" if found.entry else ""
            said = f"position {found.position}{entry}: {found.detail}"
            self.stdout.write(self.style.ERROR(said))
        if verdict.ok:
            self.stdout.write(self.style.SUCCESS(f"{verdict.rows} rows, all as written."))
        if verdict.unsealed:
            self.stdout.write(f"{verdict.unsealed} rows are not chained yet.")
        if verdict.end:
            self.stdout.write(f"checkpoint {verdict.end}:{verdict.chain}")


def _expected(given: str | None) -> tuple[int, str] | None:
    if given is None:
        return None
    found = _CHECKPOINT.fullmatch(given)
    if found is None:
        raise CommandError("A checkpoint is SEQUENCE:CHAIN, as the log and this command print it.")
    return int(found[1]), found[2]
