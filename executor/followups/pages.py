"""Pages that belong together: one execution, one deadline, one list of items.

Hostile or broken systems end it: a cursor, address or page that comes twice is
RESPONSE_INVALID, and `max_pages`, `max_items` and the size of an answer cut the
list, which the answer then says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings

from executor.followups.addresses import next_link, resolved
from executor.followups.followup import FollowUp, Taken
from executor.followups.page_options import CURSOR, LINK, OFFSET, PAGE, PageOptions, options_of
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import ResponseInvalid
from registry.adapter import AdapterAnswer, Onward
from transformer import paths

Position = str | int | float | None


class Pages(FollowUp):
    """`at` is the position of the next page: a cursor, a number, or an address."""

    kind: ClassVar[str] = "pages"

    def __init__(self, target: Any, parameters: Mapping[str, Any]) -> None:
        super().__init__(target, parameters)
        self.options: PageOptions = options_of(target.method)  # type: ignore[assignment]  # asked by `begin`
        self.count = 0
        self.items: list[Any] = []
        self.bytes = 0
        self.at: Position = _first(self.options, parameters)
        self.seen: list[str] = [] if self.at is None else [_digest(self.at)]

    @property
    def underway(self) -> bool:
        return self.count > 0

    @property
    def safe(self) -> bool:
        return self.target.method.idempotent

    def onward(self) -> Onward:
        size = {self.options.size_param: self.options.page_size} if self.options.size_param else {}
        if self.at is None:
            return Onward(parameters=size)
        if self.options.by_address:
            return Onward(address=str(self.at))
        return Onward(parameters={**size, self.options.param: self.at})

    def take(self, answer: AdapterAnswer, document: Any) -> Taken:
        found = self._items_of(document)
        onward = self._next(answer, document, found)
        self._check_new(onward, found)
        room = self.options.max_items - len(self.items)
        self.count += 1
        self.bytes += len(answer.content)
        self.items += found[:room]
        if len(found) > room:
            # A cut inside a page has no position of its own, unless items are counted.
            onward = self._offset(room) if self.options.style == OFFSET else None
            return self._whole("max_items", onward)
        if onward is None:
            return self._whole("", None)
        if cut := self._cap():
            return self._whole(cut, onward)
        self.at = onward
        return Taken(wait=0.0)

    def state(self) -> dict[str, Any]:
        names = ("count", "items", "bytes", "at", "seen")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def so_far(self) -> Mapping[str, Any]:
        return {"pages": {"count": self.count, "items": len(self.items), "complete": False}}

    def _cap(self) -> str:
        if self.count >= self.options.max_pages:
            return "max_pages"
        if len(self.items) >= self.options.max_items:
            return "max_items"
        return "max_bytes" if self.bytes >= settings.HUB_MAX_RESPONSE_BYTES else ""

    def _whole(self, cut: str, onward: Position) -> Taken:
        note: dict[str, Any] = {
            "count": self.count,
            "items": len(self.items),
            "complete": not cut,
        }
        if cut:
            note |= {"cut_by": cut, "next": onward}
        return Taken(data=self.items, notes={"pages": note})

    def _items_of(self, document: Any) -> list[Any]:
        found = _at(document, self.options.items)
        if isinstance(found, list):
            return found
        absent = found is paths.MISSING or found is None
        if absent and self.options.items_optional and isinstance(document, Mapping):
            return []
        there = "nothing" if found is paths.MISSING else f"a {_kind(found)}"
        raise ResponseInvalid(
            f"Page {self.count + 1} has no list of items at {self.options.items_path!r}: "
            f"there is {there}."
        )

    def _next(self, answer: AdapterAnswer, document: Any, found: list[Any]) -> Position:
        options = self.options
        if options.style == LINK:
            link = next_link(answer.headers.get("link", ""))
            return resolved(answer, link) if link else None
        if options.style == CURSOR:
            return self._cursor(answer, _at(document, options.cursor))
        if not found or len(found) < options.page_size:
            return None
        return self._offset(len(found)) if options.style == OFFSET else int(self.at or 0) + 1

    def _offset(self, items: int) -> int:
        return int(self.at or 0) + items

    def _cursor(self, answer: AdapterAnswer, value: Any) -> Position:
        if value is paths.MISSING or value is None or value is False or value == "":
            return None
        if isinstance(value, bool | list | dict):
            detail = f"Page {self.count + 1} has a {_kind(value)} where the next cursor stands."
            raise ResponseInvalid(detail)
        return resolved(answer, str(value)) if self.options.by_address else value

    def _check_new(self, onward: Position, found: list[Any]) -> None:
        """Remember where it goes on. Raises ResponseInvalid when it has been there."""
        if onward is None:
            return
        counted = self.options.style in (PAGE, OFFSET)
        mark = _digest(found if counted else onward)
        if mark in self.seen:
            what = "the same page" if counted else "the same cursor"
            raise ResponseInvalid(
                f"The external system gave {what} twice (page {self.count + 1}): its pages "
                "would never end."
            )
        self.seen = [mark] if counted else [*self.seen, mark]


def _first(options: PageOptions, parameters: Mapping[str, Any]) -> Position:
    """Where the caller says, else the beginning."""
    given = parameters.get(options.param) if options.param else None
    if options.style == CURSOR:
        return given if isinstance(given, str | int | float) else None
    if options.style == LINK:
        return None
    return given if isinstance(given, int) and not isinstance(given, bool) else options.start


def _at(document: Any, steps: tuple[paths.Step, ...]) -> Any:
    try:
        return paths.walk(document, steps)
    except paths.WrongShape:
        return paths.MISSING


def _kind(value: Any) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "truth value", type(None): "null"}
    return names.get(type(value), "number")


def _digest(value: Any) -> str:
    return hashlib.blake2b(jsonsafe.dumps(value), digest_size=12).hexdigest()
