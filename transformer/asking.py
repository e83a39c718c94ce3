"""One conversion as a caller asks for it in texts, and what becomes of it; bounded as a whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from integration_hub.lib import yaml_reader
from integration_hub.lib.errors import (
    Fault,
    TransformFailed,
    UnsupportedMediaType,
    ValidationFailed,
)
from transformer import codec, media
from transformer.bounded import MAX_MS, BadRows, Bounded, Enough, TooMuch
from transformer.conversion import (
    Conversion,
    format_of,
    format_said,
    plan_conversion,
    with_options,
)
from transformer.faults import TransformFault
from transformer.format import formats
from transformer.named.using import spec_of
from transformer.streaming import RowsDoNotFit

T = TypeVar("T")
FIELDS = ("from", "to", "from_options", "to_options", "spec", "shape")
SHAPES = ("document", "rows")
MAX_TEXT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """What is to be converted. `name` is a file's own, "" where it has none."""

    content: bytes
    content_type: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """`source` and `target` are formats by name, None where the spec or the content says it."""

    source: str | None
    target: str | None
    source_options: Mapping[str, Any]
    target_options: Mapping[str, Any]
    spec: Mapping[str, Any]
    by_row: bool


@dataclass(frozen=True, slots=True)
class Converted:
    content: bytes
    content_type: str
    name: str


def read_asked(texts: Mapping[str, str]) -> Asked:
    """`texts` has some of FIELDS. Raises ValidationFailed with the field of each fault."""
    shape = texts.get("shape", SHAPES[0])
    if shape not in SHAPES:
        raise _wrong("shape", f"`shape` takes one of {', '.join(SHAPES)}.", "INVALID")
    return Asked(
        source=_format(texts, "from"),
        target=_format(texts, "to"),
        source_options=_object(texts, "from_options"),
        target_options=_object(texts, "to_options"),
        spec=_object(texts, "spec"),
        by_row=shape == "rows",
    )


def convert_sent(sent: Sent, asked: Asked) -> Converted:
    """Raises ValidationFailed for what is asked, UnsupportedMediaType for a source that nobody
    names, TransformFailed for content that does not fit."""
    plan = _planned(sent, asked)
    sink, bad = Bounded(), BadRows()
    try:
        plan.run(
            io.BytesIO(sent.content),
            sink,
            charset=media.parse(sent.content_type).charset,
            on_bad=bad.take,
            on_progress=sink.on_time,
        )
    except TooMuch as much:
        raise _over(str(much), much.code) from None
    except RowsDoNotFit as error:
        raise _over(str(error), "LIMIT_SIZE") from None
    except Enough:
        bad.enough = True
    bad.raise_if_any()
    content = sink.getvalue()
    return Converted(content, plan.content_type(content), plan.file_name(sent.name))


def _planned(sent: Sent, asked: Asked) -> Conversion:
    spec = _in_time(_pointed(lambda: spec_of(asked.spec), asked))
    target = asked.target or format_said(spec, "output")
    if target is None:
        known = ", ".join(name for name, found in formats if found.writable)
        raise _wrong("to", f"`to` takes one of {known}.", "REQUIRED")
    source = asked.source or format_said(spec, "input") or _told_by(sent)
    plan = _pointed(
        lambda: plan_conversion(
            source=source,
            target=target,
            spec=with_options(spec, source=asked.source_options, target=asked.target_options),
            whole=not asked.by_row,
            array=sent.content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[",
        ),
        asked,
    )
    if asked.by_row and not plan.by_row:
        detail = (
            f"What is sent as {source} has no rows of its own to shape; leave `shape` out and "
            "use `each`, or say where the rows are by the option `rows`."
        )
        raise _wrong("shape", detail, "INVALID")
    return plan


def _told_by(sent: Sent) -> str:
    """The format that the content type says, or else the end of a file's name."""
    essence = media.parse(sent.content_type).essence
    if (essence or not sent.name) and codec.can_decode(sent.content_type, asked=True):
        return codec.format_of_type(sent.content_type, sent.content)
    if sent.name:
        try:
            return format_of(None, sent.name)
        except ValidationFailed as failed:
            raise UnsupportedMediaType(
                f"{failed.detail} Say the format in `from`, or in the file's content type."
            ) from None
    raise UnsupportedMediaType(
        f"The content type {essence[:100]!r} says no format that is read; say it in `from`: "
        f"{', '.join(name for name, found in formats if found.readable)}."
    )


def _in_time(spec: Any) -> Any:
    """The spec with the limit of a conversion, where it has none or a longer one."""
    limits = spec.get("limits", {}) if isinstance(spec, Mapping) else None
    if not isinstance(limits, Mapping):
        return spec
    said = limits.get("timeout_ms", MAX_MS)
    if not isinstance(said, int) or not 0 < said <= 300_000:  # the compiler says what is wrong
        return spec
    return {**spec, "limits": {**limits, "timeout_ms": min(said, MAX_MS)}}


def _format(texts: Mapping[str, str], name: str) -> str | None:
    kind = texts.get(name)
    if kind is None:
        return None
    reads = name == "from"
    known = [key for key, found in formats if (found.readable if reads else found.writable)]
    if kind not in known:
        off = formats.disabled.get(kind)
        why = f" {kind} is not available: {off}." if off else ""
        raise _wrong(name, f"`{name}` takes one of {', '.join(known)}.{why}", "UNKNOWN_FORMAT")
    return kind


def _object(texts: Mapping[str, str], name: str) -> dict[str, Any]:
    text = texts.get(name, "")
    if not text.strip():
        return {}
    if len(text) > MAX_TEXT:
        raise _wrong(name, f"`{name}` has at most {MAX_TEXT >> 10} KiB.", "LIMIT_SIZE")
    try:
        found = yaml_reader.load(text)
    except yaml_reader.YAMLFault as fault:
        raise _wrong(name, f"`{name}` is neither JSON nor YAML: {fault}.", "JSON") from None
    if not isinstance(found, dict):
        raise _wrong(name, f'`{name}` is an object, such as {{"delimiter": ";"}}.', "TYPE")
    return found


def _pointed(work: Callable[[], T], asked: Asked) -> T:
    """What `work` gives; its faults point to the field that they are in."""
    try:
        return work()
    except ValidationFailed as failed:
        faults = [replace(f, pointer=_field_of(f.pointer, asked)) for f in failed.errors]
        raise ValidationFailed(failed.detail, errors=faults) from failed


def _field_of(pointer: str, asked: Asked) -> str:
    for side, name, options in (
        ("/input", "/from", asked.source_options),
        ("/output", "/to", asked.target_options),
    ):
        if options and pointer.startswith(f"{side}/options"):
            return pointer.replace(f"{side}/options", f"{name}_options", 1)
        if pointer == f"{side}/format" and format_said(asked.spec, side[1:]) is None:
            return name
    return f"/spec{pointer}"


def _wrong(name: str, detail: str, code: str) -> ValidationFailed:
    return ValidationFailed(detail, errors=[Fault(f"/{name}", detail, code)])


def _over(detail: str, code: str) -> TransformFailed:
    return TransformFailed(detail, errors=[TransformFault("", detail, code)])
