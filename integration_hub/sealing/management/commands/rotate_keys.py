"""`manage.py rotate_keys`: everything under the newest key, then say which key may go."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integration_hub.sealing.census import KeyUse, key_uses
from integration_hub.sealing.keyring import CannotOpen
from integration_hub.sealing.rotation import Outcome, rotate_all


class Command(BaseCommand):
    help = (
        "Re-encrypt every sealed value under the first key of FERNET_KEYS while the hub serves, "
        "and say which keys no row uses any more. Ended in any way, it goes on when it is "
        "started again. Exit code 1 while a row is under another key or cannot be opened. "
        "Example: manage.py rotate_keys --status"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--status", action="store_true", help="count only, change nothing")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = Outcome() if options["status"] else rotate_all(told=self._progress)
            uses = key_uses()
        except CannotOpen as error:
            raise CommandError(f"{error}. Set FERNET_KEYS, newest first.") from None
        if self.stderr.isatty() and not options["status"]:
            self.stderr.write("")
        if options["json"]:
            self.stdout.write(json.dumps(_document(outcome, uses), indent=2))
        else:
            self._show(outcome, uses, rotated=not options["status"])
        if any(use.rows for use in uses if not use.newest):
            sys.exit(1)

    def _progress(self, model: str, seen: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{model}: {seen} rows", ending="")

    def _show(self, outcome: Outcome, uses: list[KeyUse], *, rotated: bool) -> None:
        if rotated:
            self.stdout.write(
                f"{outcome.rotated} rows re-encrypted, {outcome.unreadable} cannot be opened."
            )
        for row in outcome.listed:
            self.stdout.write(
                self.style.ERROR(f"  {row.model} {row.pk}: no key of FERNET_KEYS opens it; kept")
            )
        if outcome.unreadable > len(outcome.listed):
            self.stdout.write(f"  … and {outcome.unreadable - len(outcome.listed)} more")
        for use in uses:
            self.stdout.write(f"key {use.id}: {_said(use)}")


def _said(use: KeyUse) -> str:
    if use.newest:
        return f"{use.rows} rows, the newest key"
    if not use.known:
        return f"{use.rows} rows, NOT in FERNET_KEYS: put it back, or store these values again"
    return f"{use.rows} rows, still needed" if use.rows else "0 rows, safe to retire"


def _document(outcome: Outcome, uses: list[KeyUse]) -> dict[str, Any]:
    return {
        "rotated": outcome.rotated,
        "overtaken": outcome.overtaken,
        "unreadable": {
            "count": outcome.unreadable,
            "rows": [
                {"model": row.model, "pk": row.pk, "key": row.key_id} for row in outcome.listed
            ],
        },
        "keys": [
            {
                "id": use.id,
                "rows": use.rows,
                "by_model": use.by_model,
                "newest": use.newest,
                "known": use.known,
                "safe_to_retire": use.known and not use.newest and not use.rows,
            }
            for use in uses
        ],
    }
