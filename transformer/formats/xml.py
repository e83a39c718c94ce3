"""XML in the simple shape that xmltodict made known: `@name` attributes, `#text`, lists for
what repeats, null for what is empty.

Not kept, by this shape: the order between different siblings, comments, processing
instructions, space around text, and the difference between an empty string and null.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

from integration_hub.lib.fields import Field
from transformer import media
from transformer.faults import encode_failed
from transformer.format import Format, Row, Streamed, formats
from transformer.formats.xml_reader import read_xml
from transformer.formats.xml_rows import ElementWriter, read_elements
from transformer.formats.xml_writer import write_xml
from transformer.lines import text_blocks
from transformer.media import to_text
from transformer.rowwise import collected, joined

_FORCE_LIST = Field(
    "force_list",
    "object",
    required=False,
    help="Names that are always a list, also when they stand once.",
    schema={"type": "array", "items": {"type": "string"}},
)
_NAMESPACES = Field(
    "namespaces",
    "object",
    required=False,
    help="Prefix to namespace; names are then written with these prefixes, whatever the "
    'document\'s own. The prefix "" stands for names without one.',
    schema={"type": "object", "additionalProperties": {"type": "string", "minLength": 1}},
)
_ROOT = Field("root", required=False, help="The outermost element, where the document names none.")
_ROWS = Field(
    "rows",
    required=False,
    max_length=1_000,
    schema={"pattern": "^/?[^/]+(/[^/]+)*$"},
    help="The path of the element that repeats: orders/order. The document is then their list.",
)


@formats.register("xml")
class XMLFormat(Format, Streamed):
    name = "xml"
    media_types = ("application/xml", "text/xml")
    suffixes = ("+xml",)
    fields = (_FORCE_LIST, _NAMESPACES, _ROOT, _ROWS)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        # A declared encoding counts only without a byte order mark and a charset (RFC 7303).
        text = to_text(raw, charset or declared_encoding(raw))
        if "rows" in options:
            return collected(_elements(iter([text]), options))
        return read_xml(
            text,
            force_list=frozenset(options.get("force_list", ())),
            namespaces=options.get("namespaces"),
        )

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        if "rows" in options:
            if not isinstance(document, list):
                raise encode_failed("", "`rows` writes a list, one element an item", "list")
            return joined(self.row_writer(options=options), document)
        root = options.get("root")
        return write_xml({root: document} if root else document, options.get("namespaces") or {})

    def streams(self, options: Mapping[str, Any]) -> bool:
        return "rows" in options

    def rows(
        self, source: IO[bytes], *, charset: str | None, options: Mapping[str, Any]
    ) -> Iterator[Row]:
        reader = cast(io.BufferedReader, source)
        declared = declared_encoding(reader.peek(200)[:200]) if hasattr(reader, "peek") else None
        return _elements(text_blocks(source, charset or declared), options)

    def row_writer(self, *, options: Mapping[str, Any]) -> ElementWriter:
        return ElementWriter(_path(options), options.get("namespaces") or {})

    def content_type(self, encoded: bytes) -> str:
        return "application/xml; charset=utf-8"


def _elements(blocks: Iterator[str], options: Mapping[str, Any]) -> Iterator[Row]:
    return read_elements(
        blocks,
        _path(options),
        force_list=frozenset(options.get("force_list", ())),
        namespaces=options.get("namespaces"),
    )


def _path(options: Mapping[str, Any]) -> list[str]:
    return str(options["rows"]).strip("/").split("/")


def xml_text(content: bytes, content_type: str) -> bytes:
    """The document as UTF-8, read before without a fault."""
    charset = media.parse(content_type).charset
    return to_text(content, charset or declared_encoding(content)).lstrip().encode()


def declared_encoding(raw: bytes) -> str | None:
    """The encoding of the XML declaration, in an ASCII-compatible document."""
    if not raw.startswith(b"<?xml"):
        return None
    head = raw[:200].partition(b"?>")[0].replace(b"'", b'"')
    _, found, rest = head.partition(b"encoding")
    name = rest.strip().removeprefix(b"=").strip().strip(b'"').partition(b'"')[0]
    return name.decode("ascii", "replace") if found else None
