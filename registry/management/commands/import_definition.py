"""`manage.py import_definition`: a foreign description to a draft."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import HubError
from registry import services
from registry.import_report import merge_report
from registry.import_services import Imported
from registry.import_source import MAX_SOURCE, read_source
from registry.importer import importers
from registry.reimport_services import Reimported

_MOST_LINES = 50


class Command(BaseCommand):
    help = (
        "Make the draft of a definition from an OpenAPI 3.0 or 3.1, Swagger 2.0 or Postman 2.1\n"
        "description, a file or an address that the outbound policy allows; - reads from stdin.\n"
        "Without --tag, --path and --operation every operation is imported. With --merge-with a\n"
        "later revision is merged with what was edited here since the last import.\n"
        "Exit code 0: stored (with --dry-run: it could be); 1: refused, and nothing changed.\n\n"
        "Examples:\n"
        "  manage.py import_definition openapi.yaml --slug acme-pets --tag pets\n"
        "  manage.py import_definition https://acme.example/openapi.json --dry-run \\\n"
        "      --merge-with acme-pets"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("source", metavar="FILE|URL|-")
        named = parser.add_mutually_exclusive_group(required=True)
        named.add_argument("--slug", default="", help="of the new definition")
        named.add_argument(
            "--merge-with", default="", metavar="REF", help="slug@version imported before"
        )
        parser.add_argument(
            "--importer", choices=importers.names(), help="unless said, the document tells"
        )
        parser.add_argument("--as-version", default="", help="unless said, the document's own")
        parser.add_argument("--tag", action="append", default=[], dest="tags")
        parser.add_argument("--path", action="append", default=[], dest="paths")
        parser.add_argument(
            "--operation", action="append", default=[], dest="operations", metavar="ID"
        )
        parser.add_argument(
            "--take",
            action="append",
            default=[],
            metavar="POINTER",
            help='with --merge-with: a conflict in which the description wins; "" is all of them',
        )
        parser.add_argument("--dry-run", action="store_true", help="show it, store nothing")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["take"] and not options["merge_with"]:
            raise CommandError("--take says who wins a conflict: it needs --merge-with.")
        try:
            found = _imported(options)
        except HubError as error:
            self._refuse(error, as_json=options["json"])
        else:
            self._tell(found, options)

    def _refuse(self, error: HubError, *, as_json: bool) -> None:
        faults = [fault.as_dict() for fault in error.errors]
        if as_json:
            self.stdout.write(
                jsonsafe.dumps_text({"ok": False, "detail": error.detail, "errors": faults})
            )
        else:
            self.stderr.write(f"Refused, nothing was stored: {error.detail}")
            for fault in faults:
                self.stderr.write(f"  {fault['pointer'] or '(document)'}: {fault['detail']}")
        sys.exit(1)

    def _tell(self, found: Imported | Reimported, options: dict[str, Any]) -> None:
        ref = f"{found.document['slug']}@{found.document['version']}"
        merge = merge_report(found) if isinstance(found, Reimported) else None
        if options["json"]:
            told = {"ok": True, "dry_run": options["dry_run"], "definition": ref}
            told |= {"report": found.report} | ({"merge": merge} if merge else {})
            self.stdout.write(jsonsafe.dumps_text(told))
            return
        report = found.report
        verb = "would be" if options["dry_run"] else "is"
        self.stdout.write(
            f"{ref} {verb} a draft of {report['imported']} methods; "
            f"{len(report['left_out'])} left out, {report['not_chosen']} not chosen."
        )
        self._list("Left out", report["left_out"], "operation", "reason")
        self._list("Guessed, not set", report["guesses"], "operation", "guess")
        self._list("Notes", report["notes"], "operation", "note")
        if merge:
            self._list("Taken over from the description", merge["changes"], "pointer", "theirs")
            self._list("Kept local edits", merge["edits"], "pointer", "ours")
            self._list("Conflicts, and who won", merge["conflicts"], "pointer", "kept")

    def _list(self, title: str, entries: list[dict[str, Any]], *names: str) -> None:
        if not entries:
            return
        self.stdout.write(f"{title} ({len(entries)}):")
        for entry in entries[:_MOST_LINES]:
            place, said = (entry[name] for name in names)
            self.stdout.write(f"  {place or '(the whole)'}: {'(none)' if said is None else said}")
        if len(entries) > _MOST_LINES:
            self.stdout.write(f"  … and {len(entries) - _MOST_LINES} more; --json has all")


def _imported(options: dict[str, Any]) -> Imported | Reimported:
    source = options["source"]
    url = source if source.startswith(("http://", "https://")) else ""
    described = read_source(url=url) if url else read_source(document=_bytes_of(source))
    include = {name: options[name] for name in ("tags", "paths", "operations") if options[name]}
    asked: dict[str, Any] = {
        "importer": options["importer"] or services.recognised(described).name,
        "slug": options["slug"],
        "actor": "command:import_definition",
        "document": described,
        "origin": url,
        "version": options["as_version"],
        "include": include or None,
        "dry_run": options["dry_run"],
    }
    if not options["merge_with"]:
        return services.import_definition(**asked)
    return services.reimport_definition(
        **asked, merge_with=options["merge_with"], take=options["take"]
    )


def _bytes_of(source: str) -> bytes:
    """At most one byte more than may be read: the reader refuses that."""
    try:
        if source == "-":
            return sys.stdin.buffer.read(MAX_SOURCE + 1)
        with Path(source).open("rb") as file:
            return file.read(MAX_SOURCE + 1)
    except OSError as error:
        raise CommandError(f"{source} cannot be read: {error.strerror}.") from None
