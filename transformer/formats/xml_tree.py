"""XML as the tree it is, nothing lost: order, comments, instructions, space, prefixes.

    {"children": [{"comment": " made by hand "},
                  {"name": "o:order", "namespaces": {"o": "urn:orders"}, "attributes": {"id": "7"},
                   "children": ["text ", {"name": "o:line"}, {"instruction": "page"}]}]}

Members that would be empty are left out. What a parser may not keep by the standard is not
kept: the kind of quotes, entities as they were written, CDATA sections, the declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.format import Format, formats
from transformer.formats.xml import declared_encoding
from transformer.formats.xml_reader import Names, Target, parse
from transformer.formats.xml_tree_writer import write_tree
from transformer.media import to_text


@formats.register("xml_tree")
class XMLTreeFormat(Format):
    name = "xml_tree"
    media_types = ()  # of XML the simple shape is read; this one where a spec names it
    unasked = False

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        text = to_text(raw, charset or declared_encoding(raw))
        return None if not text or text.isspace() else parse(text, _Tree())

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        return write_tree(document)

    def content_type(self, encoded: bytes) -> str:
        return "application/xml; charset=utf-8"


class _Tree(Target):
    def __init__(self) -> None:
        super().__init__()
        self._names = Names(None)
        self._document: dict[str, Any] = {}
        self._open: list[tuple[dict[str, Any], dict[str, str]]] = [(self._document, {})]
        self._texts: list[str] = []

    def start(
        self, tag: str, attributes: Mapping[str, str], declared: Mapping[str | None, str]
    ) -> None:
        self.count(len(self._open), len(attributes))
        before = self._names.prefixes
        self._names.prefixes = {**before, **{uri: prefix or "" for prefix, uri in declared.items()}}
        node: dict[str, Any] = {"name": self._names.of(tag)}
        if declared:
            node["namespaces"] = {prefix or "": uri for prefix, uri in declared.items()}
        if attributes:
            node["attributes"] = {self._names.of(name): text for name, text in attributes.items()}
        self._add(node)
        self._open.append((node, before))

    def end(self, _: str) -> None:
        self._flush()
        self._names.prefixes = self._open.pop()[1]

    def data(self, text: str) -> None:
        self._texts.append(text)

    def comment(self, text: str) -> None:
        self._add({"comment": text})

    def pi(self, target: str, text: str | None = None) -> None:
        self._add({"instruction": target, "text": text} if text else {"instruction": target})

    def close(self) -> dict[str, Any]:
        return self._document

    def _add(self, node: dict[str, Any]) -> None:
        self._flush()
        self._open[-1][0].setdefault("children", []).append(node)

    def _flush(self) -> None:
        text = "".join(self._texts)
        self._texts = []
        if text and len(self._open) > 1:  # around the outermost element there is only space
            self._open[-1][0].setdefault("children", []).append(text)
