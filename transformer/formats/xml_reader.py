"""XML to a document in one pass, without a tree: limits hold while it is read.

A DOCTYPE is refused before anything is parsed, so there are no entities but XML's own
five. lxml calls the builder as it parses: one element too many or one level too deep
stops it there. No network, no files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from lxml import etree

from integration_hub.lib.errors import TransformFailed
from transformer.faults import parse_failed

MAX_DEPTH = 200
MAX_NODES = 100_000
MAX_ATTRIBUTES = 1_000
# Only declarations, comments and instructions may stand before it.
_DOCTYPE = re.compile(r"\s*(?:(?:<\?.*?\?>|<!--.*?-->)\s*)*+<!DOCTYPE", re.DOTALL)
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


def read_xml(
    text: str,
    *,
    force_list: frozenset[str] = frozenset(),
    namespaces: Mapping[str, str] | None = None,
) -> dict[str, Any] | None:
    """`{root: …}`; None for nothing but space. Raises TransformFailed with line and column."""
    if not text or text.isspace():
        return None
    return cast(dict[str, Any], parse(text, Builder(force_list, Names(namespaces))))


def parse(text: str, target: Any) -> Any:
    """What `target.close()` gives. Raises TransformFailed with line and column."""
    refuse_doctype(text)
    parser = new_parser(target)
    try:
        document = etree.fromstring(_utf8(text), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise not_xml(error.msg or "not well-formed", line, column) from None
    for entry in parser.error_log:
        # lxml drops a prefix that is not declared, and only notes that it did.
        if entry.level >= etree.ErrorLevels.ERROR:
            raise not_xml(entry.message, entry.line, entry.column)
    return document


def refuse_doctype(text: str) -> None:
    """Raises TransformFailed."""
    if "<!DOCTYPE" in text and _DOCTYPE.match(text):
        raise doctype_refused()


def whole_parser() -> etree.XMLParser:
    """For a tree of text without a DOCTYPE; nothing comes from outside."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )


def new_parser(target: Any) -> etree.XMLParser:
    """A parser that reads UTF-8, nothing from outside, and no more than lxml's own bounds."""
    return etree.XMLParser(
        target=target,
        encoding="utf-8",  # the text is decoded: what the document declares no longer holds
        # Never from outside. Not `False`: attributes would then read `&amp;` as `&#38;`.
        resolve_entities=cast(Any, "internal"),
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )


def not_xml(said: str, line: int, column: int) -> TransformFailed:
    # lxml's own sentence ends with the place, which we give apart.
    detail = said.partition(", line ")[0].strip()[:300]
    return parse_failed(
        f"Not XML: {detail} (line {line}, column {column}).",
        line=line,
        column=column,
        expected="XML",
    )


def _utf8(text: str) -> bytes:
    try:
        return text.lstrip().encode()
    except UnicodeEncodeError:
        raise parse_failed("Not XML: a lone surrogate in the text.") from None


class Names:
    """How a `{namespace}name` of lxml is written in the document."""

    def __init__(self, namespaces: Mapping[str, str] | None) -> None:
        self.mapped = namespaces is not None
        self.prefixes = {uri: prefix for prefix, uri in (namespaces or {}).items()}

    def of(self, name: str) -> str:
        if name[0] != "{":
            return name
        uri, _, local = name[1:].partition("}")
        prefix = self.prefixes.get(uri)
        if prefix is None:
            # The prefix `xml` needs no declaration; a namespace outside the map is spelt out.
            prefix = "xml" if uri == _XML_NAMESPACE else uri
        return f"{prefix}:{local}" if prefix else local

    def declare(self, declared: Mapping[str | None, str]) -> None:
        """The document's own prefixes, from here on."""
        own = {uri: prefix or "" for prefix, uri in declared.items()}
        self.prefixes = {**self.prefixes, **own}


class Target:
    """What lxml's parser tells as it reads: bounded, without a DOCTYPE."""

    def __init__(self) -> None:
        self._nodes = 0

    def doctype(self, *_: Any) -> None:
        raise doctype_refused()  # the second line of defence

    def count(self, depth: int, attributes: int) -> None:
        """One more element. Raises TransformFailed when it is one too many."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _too_large(f"more than {MAX_NODES:,} elements")
        if depth >= MAX_DEPTH:
            raise too_deep()
        if attributes > MAX_ATTRIBUTES:
            raise _too_large(f"an element with more than {MAX_ATTRIBUTES:,} attributes")


class Builder(Target):
    """One open element an entry of `_open`."""

    def __init__(self, force_list: frozenset[str], names: Names) -> None:
        super().__init__()
        self._force_list = force_list
        self._names = names
        self._members: dict[str, Any] = {}
        self._texts: list[str] = []
        self._open: list[tuple[str, dict[str, Any], list[str], dict[str, str]]] = []

    def start(
        self, tag: str, attributes: Mapping[str, str], declared: Mapping[str | None, str]
    ) -> None:
        self.count(len(self._open), len(attributes))
        names, before = self._names, self._names.prefixes
        members: dict[str, Any] = {}
        if declared and not names.mapped:
            # Without a map, the document's own prefixes hold, from here to the element's end.
            names.declare(declared)
            for prefix, uri in declared.items():
                members[f"@xmlns:{prefix}" if prefix else "@xmlns"] = uri
        self._open.append((names.of(tag), self._members, self._texts, before))
        self._members, self._texts = members, []
        if attributes:
            self._take(attributes)

    def _take(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            self._members["@" + self._names.of(name)] = value

    def data(self, text: str) -> None:
        self._texts.append(text)

    def end(self, _: str) -> None:
        texts = self._texts
        value: Any = self._members or None
        if texts and (text := "".join(texts).strip()):
            if value is None:
                value = text
            else:
                value["#text"] = text
        name, self._members, self._texts, self._names.prefixes = self._open.pop()
        self._add(name, value)

    def _add(self, name: str, value: Any) -> None:
        members = self._members
        if name not in members:
            members[name] = [value] if name in self._force_list else value
        elif isinstance(members[name], list):
            members[name].append(value)
        else:
            members[name] = [members[name], value]

    def comment(self, _: str) -> None:
        """Not part of the document."""

    def pi(self, *_: Any) -> None:
        """Not part of the document."""

    def close(self) -> dict[str, Any]:
        return self._members


def doctype_refused() -> TransformFailed:
    return parse_failed("Not accepted: a DOCTYPE.", expected="XML without a DOCTYPE")


def _too_large(what: str) -> TransformFailed:
    return parse_failed(f"Not accepted: {what}.", code="LIMIT_SIZE")


def too_deep() -> TransformFailed:
    return parse_failed(f"Not accepted: deeper than {MAX_DEPTH} levels.", code="LIMIT_DEPTH")
