"""`manage.py check_catalogue`: no half-described service is shipped."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from executor.catalogue import FOLDER, Entry, entries
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import ValidationFailed


class Command(BaseCommand):
    help = (
        "Judge definition files by what the catalogue asks of them: auth, limits, errors, pages,\n"
        "schemas and examples are all there, and every example makes a request. Nothing is sent\n"
        "or stored; every gap of every file is shown with its place, and the exit code is 1.\n\n"
        "Examples:\n"
        "  manage.py check_catalogue\n"
        "  manage.py check_catalogue my-service.yaml --json"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("paths", nargs="*", metavar="FILE|DIR", help="default: the catalogue")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = list(entries(options["paths"] or [str(FOLDER)]))
        except ValidationFailed as error:
            raise CommandError(error.detail) from None
        ok = all(entry.ok for entry in found)
        if options["json"]:
            results = [_as_dict(entry) for entry in found]
            self.stdout.write(jsonsafe.dumps_text({"ok": ok, "results": results}))
        else:
            self._tell(found)
        if not ok:
            sys.exit(1)

    def _tell(self, found: list[Entry]) -> None:
        for entry in found:
            if entry.detail:
                self.stderr.write(f"{entry.path}: {entry.detail}")
            for fault in entry.faults:
                place = fault.pointer or "(document)"
                self.stderr.write(f"{entry.path}: {place}: {fault.detail}")
        good = [entry.spec for entry in found if entry.ok and entry.spec is not None]
        methods = sum(len(spec.methods) for spec in good)
        count = f"{len(good)} of {len(found)}"
        self.stdout.write(f"{count} definitions are complete: {methods} methods")


def _as_dict(entry: Entry) -> dict[str, Any]:
    return {
        "file": str(entry.path),
        "definition": entry.spec.ref if entry.spec is not None else None,
        "ok": entry.ok,
        "errors": [fault.as_dict() for fault in entry.faults],
    }
