"""A conversion of one file to another: which formats, whether row by row, with which spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any

from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import Fault, TransformFailed, ValidationFailed
from transformer.faults import TransformFault
from transformer.format import Format, formats
from transformer.mapping import CompiledTransform
from transformer.named.using import spec_of
from transformer.services import compile_spec
from transformer.streaming import BadRow, Held, Totals, convert_rows, streamed
from transformer.weight import weight

MAX_WHOLE = 64 * 1024 * 1024
_NAMES = {"yml": "yaml", "jsonl": "ndjson", "txt": "text", "htm": "html", "edi": "edifact"}
_ENDINGS = {"text": "txt", "form": "txt", "multipart": "txt", "xml_tree": "xml"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """`by_row`: the input is rows, and the spec shapes each of them by itself."""

    source: str
    target: str
    transform: CompiledTransform
    by_row: bool

    @property
    def reader(self) -> Format:
        return formats.get(self.source)

    def run(
        self,
        source: IO[bytes],
        sink: IO[bytes],
        *,
        charset: str | None = None,
        on_bad: Callable[[BadRow], None],
        on_progress: Callable[[Totals], None],
    ) -> Totals:
        """Raises TransformFailed where the input cannot be read, or does not fit as a whole."""
        if not self.by_row:
            sink.write(self._whole(source, charset))
            return Totals(good=1)
        reader, target = streamed(self.reader, self.transform.input.options), self.target
        if reader is None:
            raise AssertionError("rows of a format that has none")
        options = self.transform.output.options
        stream = streamed(formats.get(target), options)
        return convert_rows(
            reader.rows(source, charset=charset, options=self.transform.input.options),
            sink,
            writer=Held(target, options) if stream is None else stream.row_writer(options=options),
            transform=self.transform if self.transform.acts else None,
            on_bad=on_bad,
            on_progress=on_progress,
        )

    def _whole(self, source: IO[bytes], charset: str | None) -> bytes:
        content = source.read(MAX_WHOLE + 1)
        if len(content) > MAX_WHOLE:
            raise ValidationFailed(
                f"{self.source} is read whole here: at most {MAX_WHOLE >> 20} MiB. Larger input "
                "is read row by row: ndjson, csv, a JSON array, or XML with the option `rows`."
            )
        read = self.transform.read(content, f"; charset={charset}" if charset else "")
        document = self.transform.run(read)
        if self.transform.acts and weight(document, MAX_WHOLE) > MAX_WHOLE:
            said = f"The transform makes more than {MAX_WHOLE >> 20} MiB of it."
            raise TransformFailed(said, errors=[TransformFault("", said, "LIMIT_SIZE")])
        return self.transform.write(document, self.target)[0]

    def content_type(self, head: bytes) -> str:
        """The media type of what was written, which begins with `head`."""
        return formats.get(self.target).content_type(head)

    def file_name(self, name: str) -> str:
        """What the result of a file of this name is called: orders.csv becomes orders.xlsx."""
        stem = PurePath(name).stem or "converted"
        return f"{stem[:200]}.{_ENDINGS.get(self.target, self.target)}"


def plan_conversion(
    *, source: str, target: str, spec: Mapping[str, Any], whole: bool = False, array: bool = False
) -> Conversion:
    """`array`: JSON input begins with `[`, and is rows then. `spec` may be a named transform
    (`use`). Raises ValidationFailed."""
    spec = spec_of(spec)
    completed = {
        **spec,
        "input": {**_side(spec, "input", source), "format": source},
        "output": {**_side(spec, "output", target), "format": target},
    }
    transform = compile_spec(completed, response=False)
    by_row = streamed(formats.get(source), transform.input.options) is not None
    if source == "json" and "rows" not in transform.input.options:
        by_row = array
    by_row = by_row and not whole
    if by_row and (transform.input.xsd or transform.output.xsd):
        raise ValidationFailed(
            "An XSD judges a whole document, not rows; read it as one (`--whole`)."
        )
    return Conversion(source, target, transform, by_row)


def format_said(spec: Any, side: str) -> str | None:
    """The format that the spec names for its `input` or `output`."""
    given = spec.get(side) if isinstance(spec, Mapping) else None
    said = given.get("format") if isinstance(given, Mapping) else None
    return said if isinstance(said, str) else None


def with_options(
    spec: Mapping[str, Any], *, source: Mapping[str, Any], target: Mapping[str, Any]
) -> dict[str, Any]:
    """The spec (no `use`) with options of its two formats, which it may not have itself.

    Raises ValidationFailed.
    """
    completed = dict(spec)
    for side, options in (("input", source), ("output", target)):
        given = spec.get(side, {})
        if not options or not isinstance(given, Mapping):
            continue
        if given.get("options"):
            detail = "The spec has options of this format too; give them in one place."
            raise ValidationFailed(detail, errors=[Fault(f"/{side}/options", detail, "CONFLICT")])
        completed[side] = {**given, "options": dict(options)}
    return completed


def format_of(name: str | None, path: str) -> str:
    """The format that was named, or that the file's ending says. Raises ValidationFailed."""
    ending = path.rpartition(".")[2].lower()
    kind = name or _NAMES.get(ending, ending)
    try:
        formats.get(kind)
    except UnknownPlugin as unknown:
        what = f"{unknown}." if name else f"The name {path[-80:]!r} does not say the format."
        known = ", ".join(formats.names())
        raise ValidationFailed(f"{what} Known formats: {known}.") from None
    return kind


def _side(spec: Mapping[str, Any], name: str, kind: str) -> dict[str, Any]:
    side = spec.get(name, {})
    if not isinstance(side, Mapping):
        raise ValidationFailed(
            "The transform is not valid; see errors.",
            errors=[Fault(f"/{name}", "Must be an object.", "TYPE")],
        )
    if side.get("format", kind) != kind:
        said = f"The spec's {name} is {side['format']!r}, and {kind!r} was asked for"
        raise ValidationFailed(f"{said}; name one of them.")
    return dict(side)
