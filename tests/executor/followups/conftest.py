"""An external system whose answers come in several parts."""

from __future__ import annotations

import pytest

from registry import services as registry
from tests.executor.conftest import DOCUMENT, _http

PAGED = {"items_path": "data", "max_pages": 10}
CURSOR = {**PAGED, "style": "cursor", "cursor_path": "meta.next", "param": "cursor"}
ADDRESS = {**PAGED, "style": "cursor", "cursor_path": "meta.next"}
METHODS = {
    "by_cursor": _http("/pages/cursor", pagination=CURSOR),
    "by_address": _http("/pages/address", pagination=ADDRESS),
    "by_page": _http("/pages/page", pagination={**PAGED, "style": "page"}),
    "by_short_page": _http("/pages/page", pagination={**PAGED, "style": "page", "page_size": 2}),
    "by_offset": _http("/pages/offset", pagination={**PAGED, "style": "offset"}),
    "by_link": _http("/pages/link", pagination={**PAGED, "style": "link_header"}),
    "loop": _http("/pages/loop", pagination=CURSOR),
    "deaf": _http("/pages/deaf", pagination={**PAGED, "style": "page"}),
    "endless": _http("/pages/endless", pagination={**CURSOR, "max_pages": 3}),
    "few_items": _http("/pages/cursor", pagination={**CURSOR, "max_items": 3}),
    "elsewhere": _http("/pages/elsewhere", pagination=ADDRESS),
    "no_items": _http("/pages/cursor", pagination={**CURSOR, "items_path": "rows"}),
    "left_out": _http(
        "/pages/cursor", pagination={**CURSOR, "items_path": "rows", "items_optional": True}
    ),
    "left_out_of_text": _http(
        "/pages/cursor/text", pagination={**CURSOR, "items_path": "rows", "items_optional": True}
    ),
    "text": _http("/pages/cursor/text", pagination=CURSOR),
    "broken": _http("/pages/cursor/broken", pagination=CURSOR),
    "down": _http("/pages/cursor/down", pagination=CURSOR),
    "flaky": _http(
        "/pages/cursor/flaky",
        pagination=CURSOR,
        retry={"max_attempts": 2, "initial_delay_ms": 1},
    ),
    "later": _http("/pages/cursor/later", pagination=CURSOR, retry={"max_attempts": 2}),
    "limited": _http(
        "/pages/cursor",
        pagination=CURSOR,
        rate_limit={"requests": 1, "per_seconds": 30, "burst": 2},
    ),
    "shaped": _http(
        "/pages/cursor",
        pagination=CURSOR,
        request_transform={"rules": [{"source": "q", "target": "search"}]},
        response_transform={"rules": [{"source": "$", "target": "letters"}]},
        result_schema={"type": "object", "required": ["letters"]},
    ),
    "slow_pages": _http("/pages/slow", pagination={**CURSOR, "max_pages": 100}),
    "searched": _http("/pages/cursor", "POST", pagination=CURSOR),
}


@pytest.fixture
def acme(acme, upstream):
    """The same system at a version that answers in parts."""
    registry.create_definition(
        document={**DOCUMENT, "version": "2.0.0", "methods": {**DOCUMENT["methods"], **METHODS}},
        actor="tests",
        publish=True,
    )
    return registry.upgrade_instance(instance=acme, version="2.0.0", actor="tests")
