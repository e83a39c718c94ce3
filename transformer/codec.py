"""Bytes to documents and back, by content type.

The content type decides, and is not second-guessed: JSON that calls itself text/plain is
text, unless a spec's `input.format` says otherwise. Only where there is none at all is
the first character looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import TransformFailed
from transformer import media
from transformer.faults import parse_failed
from transformer.format import Format, formats

_NO_OPTIONS: Mapping[str, Any] = {}


def decode(
    content: bytes,
    content_type: str,
    *,
    format_name: str | None = None,
    options: Mapping[str, Any] = _NO_OPTIONS,
    response: bool = True,
    asked: bool = False,
) -> Any:
    """The document; None for an empty body. Raises TransformFailed with the place.

    `asked`: a document is wanted, whatever the type; else formats that are read only
    where a spec names them stay out of it.
    """
    if not content:
        return None
    found = media.parse(content_type)
    try:
        reader = _named(format_name) if format_name else _reader_of(found.essence, content, asked)
        return reader.decode(content, charset=found.charset, options=options)
    except TransformFailed as failed:
        raise _on_side(failed, response) from failed.__cause__


def encode(
    kind: str,
    document: Any,
    *,
    options: Mapping[str, Any] = _NO_OPTIONS,
    response: bool = False,
) -> tuple[bytes, str]:
    """The bytes and their content type. Raises TransformFailed for what the format cannot hold."""
    try:
        writer = _named(kind)
        encoded = writer.encode(document, options=options)
        return encoded, writer.content_type(encoded)
    except TransformFailed as failed:
        raise _on_side(failed, response) from failed.__cause__


def can_decode(content_type: str, *, asked: bool = False) -> bool:
    """Whether some format reads this content type; one that is absent is guessed."""
    essence = media.parse(content_type).essence
    return not essence or bool(_readers(essence, asked))


def format_of_type(content_type: str, content: bytes) -> str:
    """The name of the format that reads this, whatever the type. Raises TransformFailed."""
    return _reader_of(media.parse(content_type).essence, content, asked=True).name


def _on_side(failed: TransformFailed, response: bool) -> TransformFailed:
    return TransformFailed(failed.detail, response=response, errors=failed.errors)


def _named(name: str) -> Format:
    try:
        return formats.get(name)
    except UnknownPlugin as unknown:
        raise parse_failed(f"{unknown}.") from None


def _readers(essence: str, asked: bool) -> list[Format]:
    return [found for _, found in formats if (asked or found.unasked) and found.reads(essence)]


def _reader_of(essence: str, content: bytes, asked: bool) -> Format:
    if not essence:
        return _guess(content)
    readers = _readers(essence, asked)
    # An exact type outranks a family such as text/*.
    readers.sort(key=lambda candidate: essence not in candidate.media_types)
    if readers:
        return readers[0]
    known = ", ".join(formats.names())
    raise parse_failed(
        f"The content type {essence[:100]!r} cannot be decoded; known: {known}."
        " Name the format in the transform's `input` if it is one of these.",
        expected=known,
    )


def _guess(content: bytes) -> Format:
    first = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first in (b"{", b"["):
        return formats.get("json")
    return formats.get("xml" if first == b"<" else "text")
