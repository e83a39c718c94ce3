"""What a conversion takes and gives: any type, as it was sent or as it was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from integration_hub.api.negotiation import HubNegotiation
from integration_hub.api.parsers import read_whole
from integration_hub.api.renderers import JSONRenderer


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


class AnyRenderer(JSONRenderer):
    """`?to=` says what is given, so no `Accept` is turned away."""

    media_type = "*/*"


class AnyNegotiation(HubNegotiation):
    """The formats decide what they read, by suffix too (`application/vnd.acme+json`)."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next(iter(parsers), None)
