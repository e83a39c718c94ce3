"""`manage.py load_definitions`: definitions as code."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import ValidationFailed
from registry.loading import Loaded, files_in, load_files


class Command(BaseCommand):
    help = (
        "Load definition files (YAML or JSON, one file one version). All or nothing: when one\n"
        "file is refused, none is loaded, and every fault of every file is shown. A file whose\n"
        "content is stored already changes nothing; a published version never changes.\n\n"
        "Examples:\n"
        "  manage.py load_definitions registry/catalogue --publish\n"
        "  manage.py load_definitions crm.yaml --dry-run"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("paths", nargs="+", metavar="FILE|DIR")
        parser.add_argument("--publish", action="store_true", help="publish what is a draft")
        parser.add_argument(
            "--reason",
            default="",
            help="publish also what breaks users without its version number saying so; audited",
        )
        parser.add_argument("--dry-run", action="store_true", help="show the diff, change nothing")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            files = files_in(options["paths"])
        except ValidationFailed as error:
            raise CommandError(error.detail) from None
        results = load_files(
            files,
            publish=options["publish"],
            dry_run=options["dry_run"],
            actor="command:load_definitions",
            reason=options["reason"],
        )
        ok = all(item.ok for item in results)
        if options["json"]:
            report = {
                "ok": ok,
                "dry_run": options["dry_run"],
                "results": [item.as_dict() for item in results],
            }
            self.stdout.write(jsonsafe.dumps_text(report))
        else:
            self._tell(results, dry_run=options["dry_run"])
        if not ok:
            if not options["json"]:
                self.stderr.write("Nothing was loaded.")
            sys.exit(1)

    def _tell(self, results: list[Loaded], *, dry_run: bool) -> None:
        for item in results:
            if not item.ok:
                self.stderr.write(f"{item.path}: {item.detail}")
                for fault in item.faults:
                    self.stderr.write(f"  {fault.pointer or '(document)'}: {fault.detail}")
            elif item.action == "not_loaded":
                continue
            elif dry_run:
                self.stdout.write(item.diff or f"{item.path}: {item.ref} is {item.action}")
            else:
                self.stdout.write(f"{item.path}: {item.ref} {item.action}")
            for fault in item.warnings if item.ok else ():
                self.stderr.write(f"  warning {fault.pointer}: {fault.detail}")
