"""Pages by number for catalogues, by cursor for what only grows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from integration_hub.lib.errors import Fault, ValidationFailed

if TYPE_CHECKING:
    # DRF imports this module while it builds its own views.
    from rest_framework.views import APIView

M = TypeVar("M", bound=Model)

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
_CURSOR = re.compile(r"([ab])([0-9a-f]{32})")
_NEWEST_FIRST = frozenset({"", "-id", "-created_at"})
_OLDEST_FIRST = frozenset({"id", "created_at"})


def whole_number(request: Request, name: str, default: int, most: int) -> int:
    """A query parameter from 1 to `most`; anything else is 400."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise bad_parameter(name, f"takes a whole number from 1 to {most}")
    return int(text)


def bad_parameter(name: str, detail: str) -> ValidationFailed:
    return ValidationFailed(
        f"The query parameter {name!r} {detail}.", errors=[Fault(f"/{name}", detail, "QUERY")]
    )


class PagePagination(PageNumberPagination):
    """`page`, `page_size` → `count`, `next`, `previous`, `results`."""

    page_size = DEFAULT_PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int:
        return whole_number(request, "page_size", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)

    def get_page_number(self, request: Request, paginator: Any) -> int:
        return whole_number(request, "page", 1, 999_999_999)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """As OpenAPI 3.1 says that a link may be null; DRF's own says it as 3.0 did."""
        link = {"type": ["string", "null"], "format": "uri"}
        counted = {"count": {"type": "integer"}, "next": link, "previous": link}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {**counted, "results": schema},
        }


class IdCursorPagination(BasePagination):
    """`cursor`, `page_size` → `next`, `previous`, `results`, newest first.

    The cursor is a UUIDv7 key and a direction: a page is a range of the primary
    key, so page 10,000 costs what page 1 costs. `ordering=created_at` turns it round.
    """

    page_size = DEFAULT_PAGE_SIZE

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        self.url = request.build_absolute_uri()
        self.size = whole_number(request, "page_size", self.page_size, MAX_PAGE_SIZE)
        self.descending = self._descending(request.query_params.get("ordering", ""))
        backwards, key = self._read_cursor(request.query_params.get("cursor", ""))
        rows = self._fetch(queryset, backwards=backwards, key=key)
        more, rows = len(rows) > self.size, rows[: self.size]
        if backwards:
            rows.reverse()
        self.rows: Sequence[Model] = rows
        self.has_next = more if not backwards else True
        self.has_previous = more if backwards else key is not None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {"next": self.get_next_link(), "previous": self.get_previous_link(), "results": data}
        )

    def get_next_link(self) -> str | None:
        return self._link("b", -1) if self.has_next else None

    def get_previous_link(self) -> str | None:
        return self._link("a", 0) if self.has_previous else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}
        order = {"type": "string", "enum": ["-created_at", "created_at"]}
        return [
            _parameter("cursor", {"type": "string"}, "From `next` or `previous` of a page."),
            _parameter("page_size", size | {"default": self.page_size}, "Rows a page."),
            _parameter("ordering", order, "Newest first unless `created_at`."),
        ]

    def _fetch(self, queryset: QuerySet[M], *, backwards: bool, key: UUID | None) -> list[M]:
        down = self.descending != backwards
        if key is not None:
            queryset = queryset.filter(**{"id__lt" if down else "id__gt": key})
        return list(queryset.order_by("-id" if down else "id")[: self.size + 1])

    def _descending(self, ordering: str) -> bool:
        if ordering in _NEWEST_FIRST:
            return True
        if ordering in _OLDEST_FIRST:
            return False
        raise bad_parameter("ordering", "takes created_at or -created_at")

    def _read_cursor(self, text: str) -> tuple[bool, UUID | None]:
        if not text:
            return False, None
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise bad_parameter("cursor", "is not one that this list gave; leave it out to start")
        return found[1] == "a", UUID(hex=found[2])

    def _link(self, direction: str, index: int) -> str | None:
        if not self.rows:
            # An empty page has no key to go on from; the way back is the start.
            return remove_query_param(self.url, "cursor") if direction == "a" else None
        key: UUID = self.rows[index].pk
        return replace_query_param(self.url, "cursor", f"{direction}{key.hex}")


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}
