"""The body of a conversion: any type, unread, with the content type as it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from rest_framework.parsers import BaseParser

from integration_hub.api.parsers import read_whole


@dataclass(frozen=True, slots=True)
class RawBody:
    """What was sent. `content_type` has its parameters: the charset decides how it is read."""

    content: bytes
    content_type: str


class RawParser(BaseParser):
    """`request.data` is a RawBody."""

    media_type = "*/*"
    media_types = (
        "application/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "text/plain",
    )

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return RawBody(read_whole(stream, parser_context), media_type or "")
