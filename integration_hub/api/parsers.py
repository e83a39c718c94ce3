"""Bodies in: strict JSON, or a document kept as the bytes that were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

from django.http import HttpRequest
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.jsonsafe import JSONFault, loads

JSON_TYPES = ("application/json",)
DOCUMENT_TYPES = (
    "application/json",
    "application/yaml",
    "application/x-yaml",
    "text/yaml",
    "text/x-yaml",
)


class _Stream(Protocol):
    def read(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class RawDocument:
    """What was sent, unread: who knows the document parses it and reports its faults."""

    content: bytes
    media_type: str


class StrictJSONParser(BaseParser):
    """`request.data` is the JSON value. A fault is 400 with line and column."""

    media_type = "application/json"
    media_types = JSON_TYPES

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return read_json(stream, (parser_context or {}).get("request"))


class DocumentParser(BaseParser):
    """`request.data` is a RawDocument: JSON or YAML."""

    media_type = "application/json"
    media_types = DOCUMENT_TYPES

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        plain = (media_type or "").partition(";")[0].strip().lower()
        return RawDocument(read_whole(stream, (parser_context or {}).get("request")), plain)


def read_json(stream: _Stream, request: Request | HttpRequest | None) -> Any:
    """The JSON value of a body. Raises ValidationFailed with line and column."""
    content = read_whole(stream, request)
    try:
        return loads(content)
    except JSONFault as fault:
        raise ValidationFailed(
            f"The body is not acceptable JSON: {fault}.",
            errors=[Fault("", str(fault), "JSON")],
            extra={"line": fault.line, "column": fault.column},
        ) from None


def read_whole(stream: _Stream, request: Request | HttpRequest | None) -> bytes:
    """The body, or ValidationFailed when the connection ended before all of it came.

    A YAML document cut in the middle can be well-formed, so length is compared.
    """
    content = stream.read()
    announced = str(request.META.get("CONTENT_LENGTH") or "") if request is not None else ""
    if announced.isdigit() and len(content) < int(announced):
        raise ValidationFailed("The body ended before Content-Length was reached; send it again.")
    return content
