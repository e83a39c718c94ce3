"""What a conversion takes and gives: any type, as it was sent or as it was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from integration_hub.api.negotiation import HubNegotiation
from integration_hub.api.parsers import read_whole
from integration_hub.api.renderers import JSONRenderer
from integration_hub.lib.errors import Fault, ValidationFailed
from transformer.asking import Sent


@dataclass(frozen=True, slots=True)
class RawBody:
    """What was sent. `content_type` has its parameters: the charset decides how it is read."""

    content: bytes
    content_type: str


class RawParser(BaseParser):
    """`request.data` is a RawBody."""

    media_type = "*/*"
    media_types = (
        "application/edi-x12",
        "application/edifact",
        "application/json",
        "application/vnd.apache.parquet",
        "application/xml",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "application/yaml",
        "text/csv",
        "text/html",
        "text/plain",
        "text/tab-separated-values",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return RawBody(read_whole(stream, (parser_context or {}).get("request")), media_type or "")


class UploadParser(MultiPartParser):
    """A form with files; `request.POST` and `request.FILES` have its parts."""

    media_types = ("multipart/form-data",)

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except ParseError as error:
            said = f"The form is malformed: {error.detail}"
            raise ValidationFailed(said, errors=[Fault("", said, "MULTIPART")]) from None


def uploaded(file: Any) -> Sent:
    """An uploaded file with its name and the type that its part says, "" where it says none."""
    kind = file.content_type or ""
    charset = (file.content_type_extra or {}).get("charset", b"")
    text = charset.decode("latin-1") if isinstance(charset, bytes) else str(charset)
    return Sent(file.read(), f"{kind}; charset={text}" if text else kind, file.name or "file")


class AnyRenderer(JSONRenderer):
    """`?to=` says what is given, so no `Accept` is turned away."""

    media_type = "*/*"


class AnyNegotiation(HubNegotiation):
    """The formats decide what they read, by suffix too (`application/vnd.acme+json`)."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        known = list(parsers)
        return super().select_parser(request, known) or known[-1]
