"""A tree to XML. What XML cannot hold is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from integration_hub.lib import pointers
from integration_hub.lib.schema import compile_schema
from transformer.faults import encode_failed
from transformer.formats.xml_writer import (
    IN_ATTRIBUTE,
    IN_TEXT,
    MAX_DEPTH,
    Place,
    check_name,
    text_in,
)

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_SHAPE = compile_schema(
    {
        "oneOf": [
            {"type": "string"},
            {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "namespaces": _TEXTS,
                    "attributes": _TEXTS,
                    "children": {"type": "array"},
                },
                "additionalProperties": False,
            },
            {
                "type": "object",
                "required": ["comment"],
                "properties": {"comment": {"type": "string"}},
                "additionalProperties": False,
            },
            {
                "type": "object",
                "required": ["instruction"],
                "properties": {"instruction": {"type": "string"}, "text": {"type": "string"}},
                "additionalProperties": False,
            },
        ]
    }
)


def write_tree(document: Any) -> bytes:
    """UTF-8 with a declaration. Raises TransformFailed."""
    children = document.get("children") if isinstance(document, Mapping) else None
    if not isinstance(children, list) or sum(_is_element(child) for child in children) != 1:
        raise encode_failed("", "A tree has `children`, one element among them", "one element")
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    for number, child in enumerate(children):
        place = ("children", number)
        if isinstance(child, str):
            _refuse(place, "Text stands inside the outermost element", "an element")
        _Writer(parts).node(child, place, frozenset({"xml"}))
    return "".join(parts).encode()


class _Writer:
    def __init__(self, parts: list[str]) -> None:
        self.parts = parts

    def node(self, node: Any, place: Place, prefixes: frozenset[str]) -> None:
        if not _SHAPE.is_valid(node):
            _refuse(place, "Not a node of a tree", "text, or name, comment or instruction")
        if isinstance(node, str):
            self.parts.append(text_in(node, place).translate(IN_TEXT))
        elif "comment" in node:
            self._comment(node["comment"], (*place, "comment"))
        elif "instruction" in node:
            self._instruction(node, place)
        else:
            self._element(node, place, prefixes)

    def _element(self, node: Mapping[str, Any], place: Place, prefixes: frozenset[str]) -> None:
        if len(place) > 2 * MAX_DEPTH:
            _refuse(place[:8], f"XML deeper than {MAX_DEPTH} levels", "fewer levels")
        name, declared = node["name"], node.get("namespaces", {})
        prefixes = prefixes.union(prefix for prefix in declared if prefix)
        check_name(name, (*place, "name"), prefixes)
        self.parts.append(f"<{name}")
        for prefix, uri in declared.items():
            at = (*place, "namespaces", prefix)
            check_name(f"xmlns:{prefix}" if prefix else "xmlns", at, frozenset({"xmlns"}))
            self._attribute(f"xmlns:{prefix}" if prefix else "xmlns", uri, at)
        for key, text in node.get("attributes", {}).items():
            check_name(key, (*place, "attributes", key), prefixes)
            self._attribute(key, text, (*place, "attributes", key))
        children = node.get("children", ())
        self.parts.append(">" if children else "/>")
        for number, child in enumerate(children):
            self.node(child, (*place, "children", number), prefixes)
        if children:
            self.parts.append(f"</{name}>")

    def _attribute(self, name: str, text: str, place: Place) -> None:
        self.parts.append(f' {name}="{text_in(text, place).translate(IN_ATTRIBUTE)}"')

    def _comment(self, text: str, place: Place) -> None:
        if "--" in text or text.endswith("-"):
            _refuse(place, "A comment cannot hold two hyphens or end with one", "other text")
        self.parts.append(f"<!--{text_in(text, place)}-->")

    def _instruction(self, node: Mapping[str, Any], place: Place) -> None:
        target, text = node["instruction"], node.get("text", "")
        check_name(target, (*place, "instruction"), frozenset())
        if target.lower() == "xml" or "?>" in text:
            _refuse(place, "Not an instruction that XML allows", "another target or text")
        text = text_in(text, (*place, "text"))
        self.parts.append(f"<?{target} {text}?>" if text else f"<?{target}?>")


def _is_element(child: Any) -> bool:
    return isinstance(child, Mapping) and "name" in child


def _refuse(place: Place, detail: str, expected: str) -> NoReturn:
    raise encode_failed(pointers.join(place), detail, expected)
