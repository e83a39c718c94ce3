"""XML from outside, judged in one pass before zeep builds a tree of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from lxml import etree

from transformer.formats.xml_reader import MAX_ATTRIBUTES, MAX_DEPTH, MAX_NODES

MAX_CHAIN = 100  # references that lead from one element to the next


class Refused(ValueError):
    """The document is not read; the message ends the sentence "It …"."""


def check(content: bytes) -> None:
    """Raises Refused for what is no XML, has a DOCTYPE, or is beyond the limits."""
    parser = etree.XMLParser(
        target=cast(Any, _Count()),  # the stubs know no target of our own
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        said = (error.msg or "").partition(", line ")[0][:200]
        raise Refused(f"is no XML ({said})") from None
    except ValueError as error:
        if isinstance(error, Refused):
            raise
        raise Refused("is no XML") from None


class _Count:
    """The target of lxml's parser: it keeps two numbers and no document."""

    def __init__(self) -> None:
        self.depth = self.nodes = 0

    def doctype(self, *_: Any) -> None:
        raise Refused("has a DOCTYPE, which is not accepted")

    def start(self, _: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH:
            raise Refused(f"is nested deeper than {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES or len(attributes) > MAX_ATTRIBUTES:
            raise Refused(f"has more than {MAX_NODES:,} elements or {MAX_ATTRIBUTES:,} attributes")

    def end(self, _: str) -> None:
        self.depth -= 1

    def data(self, _: str) -> None:
        """Of no interest."""

    def close(self) -> None:
        """There is nothing to give."""


def check_references(body: etree._Element) -> None:
    """Refuse multi-references (SOAP encoding) that lead in a circle, or grow when they are
    filled in: a few lines could otherwise stand for a million elements."""
    targets = {str(found.get("id")): found for found in body if found.get("id")}
    if not targets:
        return
    known: dict[str, int] = {}

    def size(element: etree._Element, chain: int) -> int:
        if chain > MAX_CHAIN:
            raise Refused("has references that lead in a circle, or too far")
        total = 0
        for part in element.iter():
            total += 1
            name = (part.get("href") or "").removeprefix("#")
            if part.get("href") and name in targets:
                if name not in known:
                    known[name] = size(targets[name], chain + 1)
                total += known[name]
            if total > MAX_NODES:
                raise Refused(
                    f"has more than {MAX_NODES:,} elements when its references are filled"
                )
        return total

    size(body, 0)
