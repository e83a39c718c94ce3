"""`manage.py export_definitions`: every stored definition as a file."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration_hub.lib import jsonsafe
from integration_hub.lib.yaml_writer import dump
from registry.choices import DefinitionStatus
from registry.models import Definition


class Command(BaseCommand):
    help = (
        "Write every definition version to DIR/<slug>-<version>.yaml; load_definitions reads\n"
        "them back to equal definitions. Files of the same name are replaced.\n\n"
        "Example:\n"
        "  manage.py export_definitions backup/definitions --status published"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("directory", metavar="DIR")
        parser.add_argument(
            "--status",
            choices=DefinitionStatus.values,
            action="append",
            help="only these; repeat for several (default: all but archived)",
        )
        parser.add_argument("--json", action="store_true", help="write JSON files instead of YAML")

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(options["directory"])
        wanted = options["status"] or [
            status for status in DefinitionStatus.values if status != DefinitionStatus.ARCHIVED
        ]
        try:
            target.mkdir(parents=True, exist_ok=True)
            for row in Definition.objects.filter(status__in=wanted).iterator(chunk_size=100):
                path = _write(target, row, as_json=options["json"])
                self.stdout.write(str(path))
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from None


def _write(target: Path, row: Definition, *, as_json: bool) -> Path:
    path = target / f"{row.slug}-{row.version}.{'json' if as_json else 'yaml'}"
    content = row.document.encode() if as_json else dump(jsonsafe.loads(row.document))
    path.write_bytes(content)
    return path
