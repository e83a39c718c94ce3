"""XML Schema (XSD 1.0) for documents of the formats `xml` and `xml_tree`.

A schema is one document: what it includes or imports from elsewhere is refused, so that
neither files nor the network are ever read. No DOCTYPE, in the schema or in the document.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from lxml import etree

from integration_hub.lib.errors import Fault, TransformFailed, ValidationFailed
from integration_hub.lib.redact import MASK, is_secret_name
from transformer.faults import MAX_FAULTS, TransformFault
from transformer.formats.xml_reader import refuse_doctype, whole_parser

MAX_XSD = 256 * 1024
MAX_COMPILED = 256
XML_FORMATS = ("xml", "xml_tree")
BODY_XSD: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_XSD,
    "description": "With `body: xml`: the text of an XSD that the body has to fit, else the call "
    "is refused before anything is sent.",
}
_XSD = "{http://www.w3.org/2001/XMLSchema}"
_NAME = re.compile(r"[^/\[\]:*]+")  # of the steps of a path
_ATTRIBUTE = re.compile(r"attribute '(?:\{[^}]*\})?([^']+)'")
_OUTSIDE = frozenset({f"{_XSD}include", f"{_XSD}redefine", f"{_XSD}override"})


class XSD:
    """One compiled schema; safe to share between threads."""

    def __init__(self, schema: etree.XMLSchema) -> None:
        self._schema = schema
        self._lock = threading.Lock()  # lxml keeps the errors of a validation on the schema

    def faults(self, content: bytes) -> tuple[Fault, ...]:
        """At most 100, each with line and path. `content`: XML that our reader has read."""
        document = etree.fromstring(content, whole_parser())
        with self._lock:
            try:
                if self._schema.validate(document):
                    return ()
            except etree.XMLSchemaValidateError:
                # A pattern that tries too many ways ends in libxml2's own limit.
                return (TransformFault("", "The XSD takes too long on this.", "LIMIT_TIME"),)
            return tuple(islice(map(_fault, cast(Any, self._schema.error_log)), MAX_FAULTS))


def judge_xml(xsd: XSD, content: bytes, what: str, *, response: bool = False) -> None:
    """Raises TransformFailed with every fault; `what` is the word for the XML."""
    faults = xsd.faults(content)
    if faults:
        said = faults[0].detail if len(faults) == 1 else "see errors."
        raise TransformFailed(
            f"The {what} does not fit its XSD: {said}", response=response, errors=faults
        )


def compile_xsd(text: str) -> XSD:
    """Compiled once for equal text. Raises ValidationFailed with the line of what is wrong."""
    if len(text) > MAX_XSD:
        raise _refused(f"An XSD has at most {MAX_XSD >> 10} KiB.", "LIMIT_SIZE")
    return _compile(text)


@lru_cache(maxsize=MAX_COMPILED)
def _compile(text: str) -> XSD:
    try:
        refuse_doctype(text)
        tree = etree.fromstring(text.lstrip().encode(), whole_parser())
    except TransformFailed as failed:
        raise _refused(failed.detail) from None
    except etree.XMLSyntaxError as error:
        raise _refused(f"Not XML: {error.msg}.") from None
    except UnicodeEncodeError:
        raise _refused("Not XML: a lone surrogate in the text.") from None
    _refuse_outside(tree)
    try:
        return XSD(etree.XMLSchema(tree))
    except etree.XMLSchemaParseError as error:
        raise _refused(f"Not an XSD: {str(error)[:300]}.") from None


def _refuse_outside(tree: Any) -> None:
    for node in tree.iter(f"{_XSD}*"):
        if node.tag in _OUTSIDE or (
            node.tag == f"{_XSD}import" and "schemaLocation" in node.attrib
        ):
            name = node.tag.removeprefix(_XSD)
            said = f"xs:{name} reads another document, and nothing is fetched; put it into this one"
            raise _refused(f"{said} (line {node.sourceline}).", "REFERENCE")


def _refused(detail: str, code: str = "XSD") -> ValidationFailed:
    return ValidationFailed(
        "The XSD is not valid; see errors.", errors=[Fault("/xsd", detail, code)]
    )


def _fault(entry: Any) -> TransformFault:
    said = entry.message.strip().rstrip(".")[:300]
    names = (*_NAME.findall(entry.path or ""), *_ATTRIBUTE.findall(said))
    if any(map(is_secret_name, names)):
        said = f"{MASK} does not fit at {entry.path}"  # what it says quotes the value
    return TransformFault(
        "", f"{said} (line {entry.line}).", "SCHEMA", source_path=entry.path, line=entry.line
    )


# Stands in for one that was refused, in a spec that is refused for it.
NO_XSD = compile_xsd('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>')
