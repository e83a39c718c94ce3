"""`manage.py execute`: a call from the shell, by the same path as REST."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from executor import services
from executor.calls import DEFAULT_TIMEOUT_MS, CallOptions
from executor.choices import Mode
from integration_hub.access.caller import Caller
from integration_hub.api.problem import problem_body
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import HubError
from registry import runtime


class Command(BaseCommand):
    help = (
        "Call a method of an instance and print the result as JSON. Exit code 0 only on success; "
        "a failure's problem document goes to stderr.\n\n"
        "Examples:\n"
        "  manage.py execute acme create_contact list_id=1 email=a@example.com\n"
        "  manage.py execute acme create_contact --params contact.json --async"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("instance", help="slug or id")
        parser.add_argument("method", help="name of the method")
        parser.add_argument(
            "parameters",
            nargs="*",
            metavar="key=value",
            help="a parameter; text where the method's schema says string, else JSON",
        )
        parser.add_argument("--params", metavar="FILE", help="a JSON object; - reads stdin")
        parser.add_argument(
            "--async", action="store_true", dest="in_background", help="accept it and print its id"
        )
        parser.add_argument(
            "--timeout-ms", type=int, default=DEFAULT_TIMEOUT_MS, help="bounds the whole call"
        )
        parser.add_argument("--idempotency-key", metavar="KEY", help="make the call once")
        parser.add_argument("--json", action="store_true", help="one line, for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        caller = Caller.command(f"execute:{getpass.getuser()}")
        indent = None if options["json"] else 2
        try:
            reply = services.execute(
                caller=caller,
                instance_ref=options["instance"],
                method=options["method"],
                parameters=_parameters(caller, options),
                options=CallOptions(
                    mode=Mode.ASYNC if options["in_background"] else Mode.SYNC,
                    timeout_ms=options["timeout_ms"],
                ),
                idempotency_key=options["idempotency_key"],
            )
        except HubError as error:
            self._fail(problem_body(error, ""), indent)
        body = jsonsafe.loads(reply.body)
        if not reply.ok:
            self._fail(body, indent)
        self.stdout.write(_pretty(body, indent))

    def _fail(self, problem: Mapping[str, Any], indent: int | None) -> NoReturn:
        self.stderr.write(_pretty(problem, indent))
        sys.exit(1)


def _parameters(caller: Caller, options: Mapping[str, Any]) -> dict[str, Any]:
    """The file's members, then those of the command line over them."""
    found = _of_file(options["params"]) if options["params"] else {}
    method = runtime.by_ref(options["instance"], caller).method(options["method"])
    declared = (method.param_schema or {}).get("properties", {})
    for item in options["parameters"]:
        name, mark, text = item.partition("=")
        if not mark or not name:
            raise CommandError(f"{item!r} is not key=value.")
        found[name] = _value(text, declared.get(name))
    return found


def _value(text: str, schema: Any) -> Any:
    """Text where the schema wants a string, else JSON, else text after all."""
    if isinstance(schema, dict) and schema.get("type") == "string":
        return text
    try:
        return jsonsafe.loads(text)
    except jsonsafe.JSONFault:
        return text


def _of_file(name: str) -> dict[str, Any]:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        found = jsonsafe.loads(raw)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None
    except jsonsafe.JSONFault as fault:
        raise CommandError(f"{name} is not acceptable JSON: {fault}.") from None
    if not isinstance(found, dict):
        raise CommandError(f"{name} must hold a JSON object.")
    return found


def _pretty(value: Any, indent: int | None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)
