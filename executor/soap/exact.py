"""zeep's simple types, exact: what JSON holds is what stands in the XML, and the other way.

zeep reads dates, times and decimals into Python's types, which lose zones, digits and
forms, and answers a value that does not fit with None. Here they stay their text, a
value that does not fit is an error, and so is one that would be sent.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from zeep import Settings, ns
from zeep.wsdl import Document
from zeep.xsd.elements import builtins as elements
from zeep.xsd.schema import Schema, SchemaDocument
from zeep.xsd.types import builtins

from integration_hub.lib.errors import ResponseInvalid
from integration_hub.lib.jsonsafe import MAX_INTEGER_DIGITS

_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_DATE = r"-?\d{4,}-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d(\.\d+)?"
_WORDS = ("INF", "-INF", "+INF", "NaN")

_FORMS = {
    builtins.Decimal: r"[+-]?(\d+(\.\d*)?|\.\d+)",
    builtins.Integer: rf"[+-]?\d{{1,{MAX_INTEGER_DIGITS}}}",
    builtins.Duration: r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
    builtins.DateTime: f"{_DATE}T{_TIME}{_ZONE}",
    builtins.Time: f"{_TIME}{_ZONE}",
    builtins.Date: f"{_DATE}{_ZONE}",
    builtins.gYearMonth: rf"-?\d{{4,}}-\d\d{_ZONE}",
    builtins.gYear: rf"-?\d{{4,}}{_ZONE}",
    builtins.gMonthDay: rf"--\d\d-\d\d{_ZONE}",
    builtins.gDay: rf"---\d\d{_ZONE}",
    builtins.gMonth: rf"--\d\d{_ZONE}",
    builtins.HexBinary: r"([0-9A-Fa-f]{2})*",
}


class BadValue(Exception):
    """A value that its type does not have; `path` are the elements that lead to it."""

    def __init__(self, type_name: str) -> None:
        super().__init__(type_name)
        self.type_name = type_name
        self.path: tuple[str, ...] = ()


class _Exact:
    """Before one of zeep's types in the order of resolution."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]

    def pythonvalue(self, value: str) -> Any:
        try:
            return type(self).read(value)
        except (ValueError, TypeError):
            raise ResponseInvalid(f"The answer has a value that is no xsd:{_name(self)}.") from None

    def xmlvalue(self, value: Any) -> str:
        try:
            return type(self).write(value)
        except (ValueError, TypeError):
            raise BadValue(_name(self)) from None

    def render(self, node: Any, value: Any, xsd_type: Any = None, render_path: Any = None) -> None:
        try:
            super().render(node, value, xsd_type, render_path)  # type: ignore[misc]  # zeep's
        except BadValue as bad:
            bad.path = tuple(map(str, render_path or ()))
            raise


def _name(exact: Any) -> str:
    return str(exact._default_qname.localname)


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def _formed(pattern: str) -> Callable[[Any], str]:
    form = re.compile(pattern, re.ASCII)

    def read(value: Any) -> str:
        text = _collapsed(value)
        if not form.fullmatch(text):
            raise ValueError
        return text

    return read


def _number(pattern: str) -> Callable[[Any], str]:
    text_of = _formed(pattern)

    def write(value: Any) -> str:
        if isinstance(value, bool):
            raise TypeError
        if isinstance(value, float):
            return text_of(f"{Decimal(repr(value)):f}")
        return text_of(str(value) if isinstance(value, int) else value)

    return write


def _read_boolean(text: Any) -> bool:
    word = _collapsed(text)
    if word not in ("true", "1", "false", "0"):
        raise ValueError
    return word in ("true", "1")


def _write_boolean(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "true" if _read_boolean(value) else "false"


def _read_float(text: str) -> float | str:
    word = _collapsed(text)
    return word if word in _WORDS else float(word)


def _write_float(value: Any) -> str:
    if isinstance(value, bool):
        raise TypeError
    return value if isinstance(value, str) and value in _WORDS else repr(float(value))


def _base64(value: Any) -> str:
    text = "".join(value.split())
    b64decode(text, validate=True)
    return text


def _write_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def _ways(kind: type) -> tuple[Callable[[str], Any], Callable[[Any], str]] | None:
    """How a type is read and written; None where zeep's own way is exact."""
    if issubclass(kind, builtins.Boolean):
        return _read_boolean, _write_boolean
    if issubclass(kind, builtins.Float | builtins.Double):
        return _read_float, _write_float
    if issubclass(kind, builtins.Base64Binary):
        return _base64, _base64
    if issubclass(kind, builtins.Integer):
        text_of = _formed(_FORMS[builtins.Integer])
        return (lambda text: int(text_of(text))), _number(_FORMS[builtins.Integer])
    if issubclass(kind, builtins.Decimal):
        return _formed(_FORMS[builtins.Decimal]), _number(_FORMS[builtins.Decimal])
    if kind in _FORMS:
        return _formed(_FORMS[kind]), _formed(_FORMS[kind])
    return None


def _exact(kind: type) -> type:
    """The type of the same name that reads and writes exactly."""
    ways = _ways(kind)
    if ways is not None:
        read, write = ways
        members = {"read": staticmethod(read), "write": staticmethod(write)}
        return type(kind.__name__, (_Exact, kind), members)
    if issubclass(kind, builtins.String):
        # Reading white space is the type's own; only writing is stricter.
        return type(
            kind.__name__,
            (_Exact, kind),
            {"pythonvalue": kind.pythonvalue, "write": staticmethod(_write_text)},
        )
    return kind


_TYPES = tuple(_exact(kind) for kind in builtins._types)


class ExactSchema(Schema):
    """A schema whose built-in types are the exact ones; those derived follow."""

    def _load_default_documents(self) -> SchemaDocument:
        document = SchemaDocument(ns.XSD, None, None)
        for kind in _TYPES:
            document.register_type(kind._default_qname, kind(is_global=True))  # type: ignore[attr-defined]  # all have one
        for element in elements._elements:
            document.register_element(element.qname, element())  # type: ignore[arg-type]  # as zeep does
        document._is_internal = True
        self.documents.add(document)
        return document


class ExactDocument(Document):
    """A WSDL with such a schema. `location` is a URL, or a file with the text."""

    def __init__(self, location: Any, transport: Any, settings: Settings) -> None:
        self.settings = settings
        self.location = location if isinstance(location, str) else None
        self.transport = transport
        self._definitions = {}
        self.types = ExactSchema(
            node=None, transport=transport, location=self.location, settings=settings
        )
        self.load(location)
