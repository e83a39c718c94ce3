"""The elements at one path of an XML document, however many, each in the simple shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

from integration_hub.lib.errors import TransformFailed
from transformer.faults import encode_failed, parse_failed
from transformer.format import Row
from transformer.formats.xml_reader import (
    MAX_DEPTH,
    Builder,
    Names,
    doctype_refused,
    new_parser,
    not_xml,
    too_deep,
)
from transformer.formats.xml_writer import DECLARATION, declarations, written_element


def read_elements(
    blocks: Iterator[str],
    path: Sequence[str],
    *,
    force_list: frozenset[str],
    namespaces: Mapping[str, str] | None,
) -> Iterator[Row]:
    """One row an element at `path`. Raises TransformFailed where it is no XML any more."""
    target = _Rows(path, force_list, Names(namespaces))
    parser = new_parser(target)
    begun = False
    try:
        for block in blocks:
            text = block if begun else block.lstrip()
            if text:
                begun = True
                parser.feed(text.encode())
                _refuse_what_was_noted(parser)
                yield from target.taken()
        if begun:
            parser.close()
    except etree.XMLSyntaxError as error:
        yield from target.taken()
        raise not_xml(error.msg or "not well-formed", *error.position) from None
    except UnicodeEncodeError:
        raise parse_failed("Not XML: a lone surrogate in the text.") from None
    yield from target.taken()
    if not target.found:
        shown = "/" + "/".join(path)
        raise parse_failed(f"There is no element at {shown[:200]}.", expected=shown[:200])


def _refuse_what_was_noted(parser: etree.XMLParser) -> None:
    """lxml drops a prefix that is not declared, and only notes that it did."""
    for entry in parser.feed_error_log:
        if entry.level >= etree.ErrorLevels.ERROR:
            raise not_xml(entry.message, entry.line, entry.column)


class _Rows:
    """What lxml's parser tells. Outside the rows only names and depth count."""

    def __init__(self, path: Sequence[str], force_list: frozenset[str], names: Names) -> None:
        self._path, self._force_list, self._names = list(path), force_list, names
        self._outer: list[tuple[str, dict[str, str]]] = []
        self._row: Builder | None = None
        self._depth = 0
        self._ready: list[Row] = []
        self._fault: TransformFailed | None = None
        self.found = False

    def taken(self) -> list[Row]:
        ready, self._ready = self._ready, []
        return ready

    def start(
        self, tag: str, attributes: Mapping[str, str], declared: Mapping[str | None, str]
    ) -> None:
        if self._row is None:
            before = self._names.prefixes
            if declared and not self._names.mapped:
                self._names.declare(declared)
            self._outer.append((self._names.of(tag), before))
            if len(self._outer) > MAX_DEPTH:
                raise too_deep()
            if [name for name, _ in self._outer] != self._path:
                return
            self._names.prefixes = before
            self._row, self._fault, self.found = Builder(self._force_list, self._names), None, True
        self._depth += 1
        self._told(self._row.start, tag, attributes, declared)

    def data(self, text: str) -> None:
        if self._row is not None:
            self._told(self._row.data, text)

    def end(self, tag: str) -> None:
        if self._row is None:
            self._names.prefixes = self._outer.pop()[1]
            return
        self._told(self._row.end, tag)
        self._depth -= 1
        if not self._depth:
            self._finish(self._row)
            self._row = None
            self._names.prefixes = self._outer.pop()[1]

    def _finish(self, row: Builder) -> None:
        if self._fault is not None:
            self._ready.append(Row(None, None, tuple(self._fault.errors)))  # type: ignore[arg-type]
            return
        [value] = row.close().values()
        if self._outer[-1][0] in self._force_list and isinstance(value, list):
            [value] = value
        self._ready.append(Row(None, value))

    def _told(self, tell: Any, *args: Any) -> None:
        """A row over its limits is a bad row; what is left of it is passed over."""
        if self._fault is None:
            try:
                tell(*args)
            except TransformFailed as failed:
                self._fault = failed

    def doctype(self, *_: Any) -> None:
        raise doctype_refused()

    def comment(self, _: str) -> None:
        """Not part of a row."""

    def pi(self, *_: Any) -> None:
        """Not part of a row."""

    def close(self) -> None:
        """Nothing is left to give."""


class ElementWriter:
    """`orders/order`: the outer elements once, the last one for each row."""

    def __init__(self, path: Sequence[str], namespaces: Mapping[str, str]) -> None:
        if len(path) < 2:
            detail = "XML has one root: `rows` needs at least two names, orders/order"
            raise encode_failed("", detail, "orders/order")
        self._outer, self._name = list(path[:-1]), path[-1]
        self._prefixes = frozenset({"xml", *(prefix for prefix in namespaces if prefix)})
        self._declared = declarations(namespaces)

    def head(self) -> bytes:
        opened = written_element(self._outer[0], self._declared, self._prefixes)
        first = opened.removesuffix("/>") + ">"
        for name in self._outer[1:]:
            written_element(name, None, self._prefixes)  # a name that cannot be is refused
        rest = "".join(f"<{name}>" for name in self._outer[1:])
        return (DECLARATION + first + rest).encode()

    def row(self, document: Any) -> bytes:
        return ("\n" + written_element(self._name, document, self._prefixes)).encode()

    def tail(self) -> bytes:
        return ("\n" + "".join(f"</{name}>" for name in reversed(self._outer)) + "\n").encode()
