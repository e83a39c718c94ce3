"""HTML, read only: its title, its text, its links and its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree, html

from integration_hub.lib.fields import Field
from transformer.faults import encode_failed, parse_failed
from transformer.format import Format, formats
from transformer.formats.text import declared_charset
from transformer.media import to_text

MAX_ELEMENTS = 200_000
_HIDDEN = frozenset({"script", "style", "template", "noscript", "head"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip


@formats.register("html")
class HTMLFormat(Format):
    """Broken markup is read as browsers do; `table` gives the rows of one table alone."""

    name = "html"
    writable = False
    media_types = ("text/html", "application/xhtml+xml")
    unasked = False
    fields = (
        Field(
            "table",
            "integer",
            required=False,
            schema={"minimum": 0},
            help="The rows of this table alone, counted from 0, as objects by its header.",
        ),
    )

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        root = _parsed(to_text(raw, charset or declared_charset(raw)))
        tables = [] if root is None else [_table(found) for found in root.iter("table")]
        if "table" in options:
            return _chosen(tables, options["table"])
        if root is None:
            return {"title": None, "text": "", "links": [], "tables": []}
        return {
            "title": _squeezed(root.findtext(".//title") or "") or None,
            "text": _text(root),
            "links": [
                {"text": _squeezed(link.text_content()), "href": link.get("href")}
                for link in root.iter("a")
                if link.get("href")
            ],
            "tables": tables,
        }

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        raise encode_failed("", "HTML can be read here but not written")


def _parsed(text: str) -> Any:
    if not text.strip():
        return None
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise parse_failed(f"Not HTML: {str(error)[:200]}.", expected="HTML") from None
    for number, _ in enumerate(root.iter()):
        if number >= MAX_ELEMENTS:
            raise parse_failed(
                f"Not accepted: more than {MAX_ELEMENTS:,} elements.", code="LIMIT_SIZE"
            )
    return root


def _text(root: Any) -> str:
    """What a reader sees: a line a block."""
    pieces: list[str] = []
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, left = stack.pop()
        name = node.tag if isinstance(node.tag, str) else ""
        if left:
            pieces.append("\n" if name in _BLOCKS else "")
            pieces.append(node.tail or "")
            continue
        stack.append((node, True))
        if name and name not in _HIDDEN:
            pieces.append("\n" if name in _BLOCKS else " " if name in ("td", "th") else "")
            pieces.append(node.text or "")
            stack.extend((child, False) for child in reversed(node))
    lines = (_squeezed(line) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _table(table: Any) -> list[list[str]]:
    """Its rows, without those of tables inside it."""
    rows = table.xpath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
    return [[_squeezed(cell.text_content()) for cell in row.xpath("./td | ./th")] for row in rows]


def _chosen(tables: list[list[list[str]]], number: int) -> list[dict[str, str]]:
    if number >= len(tables):
        said = f"There is no table {number}: the document has {len(tables)}."
        raise parse_failed(said, expected=f"a table below {len(tables)}")
    header, *rows = tables[number] or [[]]
    if len(set(header)) != len(header):
        raise parse_failed(
            f"Two columns of table {number} have one name.", expected="a header with each name once"
        )
    for row in rows:
        if len(row) != len(header):
            said = f"Table {number} has a row of {len(row)} cells under {len(header)} columns."
            raise parse_failed(said, expected=f"{len(header)} cells")
    return [dict(zip(header, row, strict=True)) for row in rows]


def _squeezed(text: str) -> str:
    return " ".join(text.split())
