"""`manage.py test_transforms`: the examples of named transforms, run as tests."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import HubError
from transformer.choices import TransformStatus
from transformer.models import NamedTransform
from transformer.named.document import Tested
from transformer.named.selectors import get_transform
from transformer.named.services import check_transform


class Command(BaseCommand):
    help = (
        "Run the examples of named transforms: of every published version, or of those named.\n"
        "The exit code is 0 only if every example holds.\n\n"
        "Examples:\n"
        "  manage.py test_transforms\n"
        "  manage.py test_transforms contact@^1 invoice@2.0.0 --json"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("refs", nargs="*", metavar="NAME[@VERSION]")
        parser.add_argument("--drafts", action="store_true", help="those of drafts too")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            results = [(row, self._tested(row)) for row in _rows(options)]
        except HubError as error:
            raise CommandError(error.detail) from None
        ok = all(item.ok for _, items in results for item in items)
        if options["json"]:
            report = [
                {"transform": row.ref, "examples": [item.as_dict() for item in items]}
                for row, items in results
            ]
            self.stdout.write(jsonsafe.dumps_text({"ok": ok, "results": report}))
        else:
            self._tell(results)
        if not ok:
            sys.exit(1)

    def _tested(self, row: NamedTransform) -> list[Tested]:
        try:
            return check_transform(transform=row)
        except HubError as error:  # one that compiled once and does no more
            return [Tested(0, "", error.detail)]

    def _tell(self, results: list[tuple[NamedTransform, list[Tested]]]) -> None:
        for row, items in results:
            passed = sum(item.ok for item in items)
            self.stdout.write(f"{row.ref}: {passed} of {len(items)} examples hold")
            for item in items:
                if not item.ok:
                    name = f" ({item.name})" if item.name else ""
                    self.stderr.write(f"  example {item.number + 1}{name}: {item.detail}")


def _rows(options: dict[str, Any]) -> Iterator[NamedTransform]:
    if options["refs"]:
        yield from (get_transform(ref) for ref in options["refs"])
        return
    wanted = [TransformStatus.PUBLISHED]
    if options["drafts"]:
        wanted.append(TransformStatus.DRAFT)
    yield from NamedTransform.objects.filter(status__in=wanted).order_by("slug", "id").iterator()
