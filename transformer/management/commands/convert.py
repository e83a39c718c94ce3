"""`manage.py convert`: one file to another, row by row where the format has rows."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from django.core.management.base import BaseCommand, CommandError

from integration_hub.lib import jsonsafe, yaml_reader
from integration_hub.lib.errors import HubError
from integration_hub.lib.files import Replacement
from integration_hub.lib.progress import Progress
from transformer.conversion import Conversion, format_of, format_said, plan_conversion
from transformer.streaming import BadRow, RowsDoNotFit, Totals

MAX_ERRORS = 10_000
BAD_ROWS = 3


class Command(BaseCommand):
    help = (
        "Convert a file from one format to another, through a transform spec if one is given.\n"
        "NDJSON, CSV, TSV, a JSON array, and XML with the option `rows` are read row by row in\n"
        "bounded memory: the spec then shapes each row, and --errors collects the rows that do\n"
        "not fit (row, line, reasons). Without --errors the first such row ends the conversion.\n"
        "OUT is replaced at the end or not at all.\n\n"
        "Exit codes: 0 all of it; 3 written without the bad rows, which are in the errors file;\n"
        "1 nothing written; 2 wrong usage.\n\n"
        "Examples:\n"
        "  manage.py convert orders.csv orders.ndjson --spec orders.yaml --errors bad.ndjson\n"
        "  manage.py convert export.xml out.json --in rows=orders/order --in force_list=[line]\n"
        "  zcat big.ndjson.gz | manage.py convert - out.csv --from ndjson"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("input", metavar="IN", help="a file; - reads stdin")
        parser.add_argument("output", metavar="OUT", help="a file; - writes stdout")
        parser.add_argument("--from", dest="source", metavar="FORMAT", help="not said: IN's ending")
        parser.add_argument("--to", dest="target", metavar="FORMAT", help="not said: OUT's ending")
        parser.add_argument("--spec", metavar="FILE", help="a transform spec, JSON or YAML")
        for side in ("in", "out"):
            parser.add_argument(
                f"--{side}",
                dest=f"{side}_options",
                action="append",
                default=[],
                metavar="OPTION=VALUE",
                help=f"an option of the format {'read' if side == 'in' else 'written'}",
            )
        parser.add_argument("--encoding", metavar="NAME", help="of IN; not said: UTF-8")
        parser.add_argument("--errors", metavar="FILE", help="bad rows, one JSON object a line")
        parser.add_argument(
            "--max-errors",
            type=int,
            default=MAX_ERRORS,
            help=f"bad rows that end it, with nothing written; not said: {MAX_ERRORS}",
        )
        parser.add_argument("--whole", action="store_true", help="one document, not rows")
        parser.add_argument("--json", action="store_true", help="the outcome as JSON, on stderr")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            totals = self._convert(options)
        except HubError as error:
            self._fail(error.detail, [fault.as_dict() for fault in error.errors], options)
        except RowsDoNotFit as error:
            self._fail(str(error), [], options)
        except OSError as error:
            name = error.filename or options["output"]
            self._fail(f"{name}: {error.strerror}.", [], options)
        if options["json"]:
            self.stderr.write(jsonsafe.dumps_text({"ok": not totals.bad, **_counts(totals)}))
        elif totals.bad:
            where = options["errors"]
            self.stderr.write(f"{totals.good} rows written; {totals.bad} are bad, see {where}.")
        if totals.bad:
            sys.exit(BAD_ROWS)

    def _convert(self, options: Mapping[str, Any]) -> Totals:
        with ExitStack() as stack:
            source = stack.enter_context(_opened(options["input"]))
            plan = _planned(options, source)
            sink, errors = self._sinks(stack, options)
            bad = _BadRows(errors, options["max_errors"])
            with Progress(cast(Any, self.stderr), _size(options["input"])) as progress:
                return plan.run(
                    source,
                    sink,
                    charset=options["encoding"],
                    on_bad=bad.take,
                    on_progress=lambda totals: progress.show(
                        _position(source), f"{totals.rows:,} rows, {totals.bad:,} bad"
                    ),
                )

    def _sinks(
        self, stack: ExitStack, options: Mapping[str, Any]
    ) -> tuple[IO[bytes], IO[bytes] | None]:
        out, aside = options["output"], options["errors"]
        if aside and out != "-" and Path(aside).absolute() == Path(out).absolute():
            raise CommandError("OUT and --errors are the same file.")
        if out == "-":
            sink = cast(IO[bytes], sys.stdout.buffer)
        else:
            sink = stack.enter_context(Replacement(Path(out)))
        # Left first, so that the errors are in place when the output is replaced.
        return sink, stack.enter_context(Replacement(Path(aside))) if aside else None

    def _fail(self, detail: str, errors: list[Any], options: Mapping[str, Any]) -> NoReturn:
        if options["json"]:
            said = {"ok": False, "detail": detail, "errors": errors}
            self.stderr.write(jsonsafe.dumps_text(said))
            sys.exit(1)
        shown = [f"\n  {error['pointer'] or '-'}: {error['detail']}" for error in errors[:10]]
        alone = len(errors) == 1 and errors[0]["detail"] in detail
        raise CommandError(detail + ("" if alone else "".join(shown)))


class _BadRows:
    """Where bad rows go: a file, or an end."""

    def __init__(self, sink: IO[bytes] | None, most: int) -> None:
        self._sink, self._most, self._count = sink, most, 0

    def take(self, bad: BadRow) -> None:
        if self._sink is None:
            detail = f"Row {bad.row}: {bad.faults[0].detail}"
            raise _TooBad(f"{detail} Nothing is written; --errors FILE collects bad rows.")
        self._count += 1
        if self._count > self._most:
            raise _TooBad(f"More than {self._most} bad rows, the last is row {bad.row}.")
        self._sink.write(jsonsafe.dumps(bad.as_dict()) + b"\n")


class _TooBad(CommandError):
    """A bad row that is not to be passed over."""


def _planned(options: Mapping[str, Any], source: IO[bytes]) -> Conversion:
    spec = _spec(options["spec"]) if options["spec"] else {}
    for side, name in (("input", "in_options"), ("output", "out_options")):
        if options[name]:
            given = spec.get(side) or {}
            merged = {**given.get("options", {}), **dict(map(_option, options[name]))}
            spec = {**spec, side: {**given, "options": merged}}
    return plan_conversion(
        source=format_of(options["source"] or format_said(spec, "input"), options["input"]),
        target=format_of(options["target"] or format_said(spec, "output"), options["output"]),
        spec=spec,
        whole=options["whole"],
        array=cast(Any, source).peek(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[",
    )


def _spec(name: str) -> dict[str, Any]:
    try:
        found = yaml_reader.load(Path(name).read_text("utf-8"))
    except (yaml_reader.YAMLFault, UnicodeDecodeError) as fault:
        raise CommandError(f"{name} is neither JSON nor YAML: {fault}") from None
    if not isinstance(found, dict):
        raise CommandError(f"{name} must hold an object: a transform spec.")
    return found


def _option(text: str) -> tuple[str, Any]:
    """`rows=a/b` is text, `header=false` and `force_list=[line]` are what YAML says they are."""
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise CommandError(f"{text!r} is not OPTION=VALUE.")
    try:
        return name, yaml_reader.load(value) if value[:1] in "[{" or _is_word(value) else value
    except yaml_reader.YAMLFault as fault:
        raise CommandError(f"{text!r}: {fault}") from None


def _is_word(value: str) -> bool:
    return value in ("true", "false") or value.isdecimal()


def _opened(name: str) -> IO[bytes]:
    return cast(IO[bytes], sys.stdin.buffer) if name == "-" else Path(name).open("rb")


def _size(name: str) -> int | None:
    return None if name == "-" else Path(name).stat().st_size


def _position(source: IO[bytes]) -> int | None:
    return source.tell() if source.seekable() else None


def _counts(totals: Totals) -> dict[str, Any]:
    return {
        "rows": totals.rows,
        "good": totals.good,
        "bad": totals.bad,
        "first_bad": [bad.as_dict() for bad in totals.first[:10]],
    }
