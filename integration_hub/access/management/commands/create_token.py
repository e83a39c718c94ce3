"""`manage.py create_token`: the token alone on stdout, once."""

from __future__ import annotations

import re
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration_hub.access.choices import Scope
from integration_hub.access.services import create_token, webhook_secret_of
from integration_hub.lib import clock
from integration_hub.lib.errors import ValidationFailed

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hd])")


class Command(BaseCommand):
    help = (
        "Make an API token and print it, alone, on stdout. It is not shown again.\n\n"
        "Example:\n"
        "  manage.py create_token billing --scope execute --instance acme --expires 90d"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("name", help="who will use it; shown in lists and in the audit log")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            dest="scopes",
            metavar="SCOPE",
            help=f"one of {', '.join(Scope.values)}; repeat for several",
        )
        parser.add_argument(
            "--instance",
            action="append",
            default=[],
            dest="instances",
            metavar="SLUG",
            help="only this instance; repeat for several (default: all)",
        )
        parser.add_argument(
            "--context",
            action="append",
            default=[],
            dest="contexts",
            metavar="CONTEXT",
            help="only this context: global, client:<id> or user:<id>; repeat for several",
        )
        parser.add_argument("--expires", metavar="90d", help="how long it lives: 12h, 90d")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token, raw = create_token(
                name=options["name"],
                scopes=options["scopes"],
                instances=options["instances"],
                contexts=options["contexts"],
                expires_at=_moment(options["expires"]),
                actor="command:create_token",
            )
        except ValidationFailed as error:
            raise CommandError(error.detail) from None
        self.stderr.write("Keep it now: only its hash is stored, it cannot be shown again.")
        self.stderr.write(
            "What its callbacks (callback_url) are signed with, shown now or never:\n"
            + webhook_secret_of(token)
        )
        self.stdout.write(raw)


def _moment(span: str | None) -> datetime | None:
    """`90d` or `12h` from now."""
    if span is None:
        return None
    found = _SPAN.fullmatch(span)
    if found is None:
        raise CommandError(f"--expires is {span!r}; it takes a number and h or d, as 90d.")
    number = int(found[1])
    return clock.now() + (timedelta(days=number) if found[2] == "d" else timedelta(hours=number))
