"""A method's `pagination` block, read once, and what it can get wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from integration_hub.lib.errors import Fault
from registry.adapter import Adapter
from registry.spec import MethodSpec
from transformer import paths

MAX_PAGES, MAX_ITEMS = 100, 10_000
CURSOR, PAGE, OFFSET, LINK = "cursor", "page", "offset", "link_header"
_STARTS = {PAGE: 1, OFFSET: 0}
_MEMO = "pagination"


@dataclass(frozen=True, slots=True)
class PageOptions:
    """`by_address`: the external system gives the next page's URL, not a value for `param`."""

    style: str
    items: tuple[paths.Step, ...]
    items_path: str
    items_optional: bool
    cursor: tuple[paths.Step, ...]
    param: str
    size_param: str
    page_size: int
    start: int
    max_pages: int
    max_items: int

    @property
    def by_address(self) -> bool:
        return self.style == LINK or (self.style == CURSOR and not self.param)


def options_of(method: MethodSpec) -> PageOptions | None:
    """The options of a method whose definition was judged; None where it has no pages."""
    if method.pagination is None:
        return None
    found: PageOptions | None = method.memo.get(_MEMO)
    if found is None:
        found = method.memo[_MEMO] = _options(method.pagination)
    return found


def _options(block: Mapping[str, Any]) -> PageOptions:
    style = block["style"]
    numbered = style in _STARTS
    return PageOptions(
        style=style,
        items=paths.parse(block.get("items_path", "$")),
        items_path=block.get("items_path", "$"),
        items_optional=block.get("items_optional", False),
        cursor=paths.parse(block.get("cursor_path", "$")),
        param=block.get("param", style if numbered else ""),
        size_param=block.get("size_param", ""),
        page_size=block.get("page_size", 0),
        start=block.get("start", _STARTS.get(style, 0)),
        max_pages=block.get("max_pages", MAX_PAGES),
        max_items=block.get("max_items", MAX_ITEMS),
    )


def faults(adapter: Adapter, method: MethodSpec) -> Iterator[Fault]:
    """Every fault of the block; pointers start at the method."""
    block = method.pagination
    if block is None:
        return
    for name in ("items_path", "cursor_path"):
        if name in block and (wrong := path_fault(block[name])):
            yield Fault(f"/pagination/{name}", wrong, "PATH")
    if block["style"] == CURSOR and "cursor_path" not in block:
        detail = "Say where an answer has the next cursor."
        yield Fault("/pagination/cursor_path", detail, "REQUIRED")
    if "size_param" in block and "page_size" not in block:
        detail = "Say which size `size_param` asks for."
        yield Fault("/pagination/page_size", detail, "REQUIRED")
    by_address = block["style"] == LINK or (block["style"] == CURSOR and "param" not in block)
    if by_address and not adapter.follows_addresses:
        detail = f"The adapter {adapter.type} cannot follow an address: name a `param`."
        yield Fault("/pagination/style", detail, "NOT_SUPPORTED")
    yield from _fixed_faults(method)


def path_fault(text: str) -> str:
    """What is wrong with a path to one place; empty when nothing is."""
    try:
        steps = paths.parse(text)
    except paths.BadPath as error:
        return f"{str(error).capitalize()}."
    return "It must name one place: leave out [*]." if paths.EACH in steps else ""


def _fixed_faults(method: MethodSpec) -> Iterator[Fault]:
    """A query entry that the method fixes would win over the page's own, and never move on."""
    block = method.pagination or {}
    query = method.protocol.get("query", {})
    if not isinstance(query, Mapping):
        return  # of another protocol
    default = block["style"] if block["style"] in _STARTS else ""
    for name, key in (
        ("param", block.get("param", default)),
        ("size_param", block.get("size_param")),
    ):
        if key and key in query and query[key] != f"{{{key}}}":
            detail = f"The method fixes the query entry {key!r}: leave it out, or write {{{key}}}."
            yield Fault(f"/pagination/{name}", detail, "DUPLICATE")
