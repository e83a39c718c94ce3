"""A document in the simple shape to XML. What XML cannot hold is refused with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integration_hub.lib import pointers
from transformer.faults import encode_failed
from transformer.scalars import text_of

MAX_DEPTH = 200
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
Place = tuple[str | int, ...]

# NameStartChar and NameChar of XML 1.0, without the colon.
_NAME_START = (
    "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_LOCAL = f"[{_NAME_START}][{_NAME_START}\\-.0-9\u00b7\u0300-\u036f\u203f\u2040]*"
_NAME = re.compile(f"(?:({_LOCAL}):)?{_LOCAL}\\Z")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
IN_ATTRIBUTE = IN_TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def write_xml(document: Any, namespaces: Mapping[str, str]) -> bytes:
    """UTF-8 with a declaration. `namespaces` are declared on the outermost element."""
    if not isinstance(document, Mapping) or len(document) != 1:
        raise encode_failed("", "XML needs an object with one member, its root", "one root")
    [(root, content)] = document.items()
    if isinstance(content, list):
        raise encode_failed(pointers.join((root,)), "XML has one root, not a list", "one root")
    declared = declarations(namespaces)
    if declared:
        members = content if isinstance(content, Mapping) else {"#text": content}
        content = {**declared, **members}
    return (DECLARATION + written_element(root, content, frozenset({"xml"}))).encode()


def written_element(name: str, content: Any, prefixes: frozenset[str]) -> str:
    """One element; these prefixes stand for something where it is put. Raises TransformFailed."""
    parts: list[str] = []
    _Writer(parts).element(name, content, (name,), prefixes)
    return "".join(parts)


def declarations(namespaces: Mapping[str, str]) -> dict[str, Any]:
    return {f"@xmlns:{prefix}" if prefix else "@xmlns": uri for prefix, uri in namespaces.items()}


class _Writer:
    def __init__(self, parts: list[str]) -> None:
        self.parts = parts

    def element(self, name: str, content: Any, place: Place, prefixes: frozenset[str]) -> None:
        if len(place) > 2 * MAX_DEPTH:
            raise encode_failed(pointers.join(place[:8]), f"XML deeper than {MAX_DEPTH} levels")
        members = content if isinstance(content, Mapping) else {}
        declared = [key[7:] for key in members if key.startswith("@xmlns:")]
        prefixes = prefixes.union(declared)
        check_name(name, place, prefixes)
        self.parts.append(f"<{name}")
        self._attributes(members, place, prefixes)
        self.parts.append(">")
        if not isinstance(content, Mapping):
            self._text(content, place)
        for key, value in members.items():
            if not key.startswith("@"):
                self._member(key, value, (*place, key), prefixes)
        if self.parts[-1] == ">":
            self.parts[-1] = "/>"
        else:
            self.parts.append(f"</{name}>")

    def _attributes(
        self, members: Mapping[str, Any], place: Place, prefixes: frozenset[str]
    ) -> None:
        for key, value in members.items():
            if key.startswith("@"):
                check_name(key[1:], (*place, key), prefixes | {"xmlns"})
                text = text_in(value, (*place, key)).translate(IN_ATTRIBUTE)
                self.parts.append(f' {key[1:]}="{text}"')

    def _text(self, value: Any, place: Place) -> None:
        text = text_in(value, place).translate(IN_TEXT)
        if text:
            self.parts.append(text)

    def _member(self, key: str, value: Any, place: Place, prefixes: frozenset[str]) -> None:
        if key == "#text":
            self._text(value, place)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, list):
                    raise encode_failed(
                        pointers.join((*place, index)), "XML has no list inside a list", "one value"
                    )
                self.element(key, item, (*place, index), prefixes)
        else:
            self.element(key, value, place, prefixes)


def check_name(name: str, place: Place, prefixes: frozenset[str]) -> None:
    """Raises TransformFailed for what is no name, or has a prefix that stands for nothing."""
    found = _NAME.match(name)
    if found is None:
        raise encode_failed(pointers.join(place), "Not a name that XML allows", "an XML name")
    prefix = found.group(1)
    if prefix is not None and prefix not in prefixes:
        raise encode_failed(
            pointers.join(place),
            f"The prefix {prefix!r} has no namespace; give it in `namespaces` or as @xmlns",
            "a declared prefix",
        )


def text_in(value: Any, place: Place) -> str:
    """Raises TransformFailed for what is no single value, and for characters that XML has not."""
    text = text_of(value)
    if text is None:
        raise encode_failed(pointers.join(place), "Text cannot be an object or a list", "one value")
    if _NOT_XML.search(text):
        raise encode_failed(
            pointers.join(place), "A control character that XML does not allow", "XML characters"
        )
    return text
