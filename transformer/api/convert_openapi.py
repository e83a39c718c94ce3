"""Shapes of `/convert`, for the API's description."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from transformer.asking import SHAPES
from transformer.format import formats

READ = tuple(name for name, found in formats if found.readable)
WRITTEN = tuple(name for name, found in formats if found.writable)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
_TEXT: dict[str, Any] = {"type": "string"}
_BYTES: dict[str, Any] = {"type": "string", "format": "binary"}
_ANY: dict[str, Any] = {"description": "Any JSON value."}
_FROM = "The format of what is sent; not said: its content type, or its name's ending, tells."
_TO = "The format of the answer; not said: `output.format` of the spec."
_OPTIONS = "An object as JSON or YAML, by the format's own options: docs/transforms.md#formats."
_SPEC = "A transform spec as JSON or YAML, or the name of one: `use`."
_SHAPE = "What the spec shapes: the document as a whole (not said), or each of its rows."
PARAMETERS = [
    OpenApiParameter(
        name, OpenApiTypes.STR, OpenApiParameter.QUERY, description=said, enum=allowed or None
    )
    for name, said, allowed in (
        ("from", _FROM, READ),
        ("to", _TO, WRITTEN),
        ("from_options", _OPTIONS, ()),
        ("to_options", _OPTIONS, ()),
        ("spec", _SPEC, ()),
        ("shape", _SHAPE, SHAPES),
    )
]
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {**_BYTES, "description": "The file; its name's ending may say its format."},
        "from": {**_TEXT, "enum": list(READ), "description": _FROM},
        "to": {**_TEXT, "enum": list(WRITTEN), "description": _TO},
        "from_options": {**_TEXT, "description": _OPTIONS},
        "to_options": {**_TEXT, "description": _OPTIONS},
        "spec": {**_TEXT, "description": _SPEC},
        "shape": {**_TEXT, "enum": list(SHAPES), "description": _SHAPE},
    },
}
CONVERT_BODY = {
    "multipart/form-data": _FORM,
    "application/json": _ANY,
    "application/xml": _TEXT,
    "application/x-www-form-urlencoded": {"type": "object"},
    "application/yaml": _ANY,
    **dict.fromkeys(("application/x-ndjson", "text/csv"), _TEXT),
    **dict.fromkeys(("application/edifact", "application/edi-x12"), _TEXT),
    **dict.fromkeys(("text/tab-separated-values", "text/html", "text/plain"), _TEXT),
    **dict.fromkeys((XLSX, PARQUET), _BYTES),
}
CONVERTED = {
    (200, "application/json"): _ANY,
    (200, "application/xml"): _TEXT,
    (200, "application/x-www-form-urlencoded"): _TEXT,
    (200, "application/x-ndjson"): _TEXT,
    (200, "application/yaml"): _ANY,
    (200, "multipart/form-data"): _TEXT,
    (200, "text/csv"): _TEXT,
    (200, "text/tab-separated-values"): _TEXT,
    (200, "text/plain"): _TEXT,
    (200, XLSX): _BYTES,
    (200, PARQUET): _BYTES,
}
EXAMPLES = [
    OpenApiExample(
        "A CSV with semicolons, through a rule for each row, as a workbook",
        value={
            "file": "sku;qty\na-1;2\n",
            "from": "csv",
            "from_options": '{"delimiter": ";"}',
            "spec": '{"rules": [{"source": "sku", "target": "sku"},'
            ' {"source": "qty", "target": "count", "type": "integer"}]}',
            "shape": "rows",
            "to": "xlsx",
            "to_options": '{"sheet": "Stock"}',
        },
        request_only=True,
        media_type="multipart/form-data",
    ),
    OpenApiExample(
        "A document as it is (?to=xml)",
        value={"order": {"@id": 7, "line": ["a", "b"]}},
        request_only=True,
        media_type="application/json",
    ),
    OpenApiExample(
        "As XML",
        value='<?xml version="1.0" encoding="UTF-8"?>\n'
        '<order id="7"><line>a</line><line>b</line></order>',
        response_only=True,
        media_type="application/xml",
        status_codes=["200"],
    ),
]
