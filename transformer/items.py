"""What the transforms of lists read of each item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from integration_hub.lib.fields import Field
from transformer.paths import EACH, MISSING, BadPath, WrongShape, compile_path, parse

PATH = Field("path", max_length=1_000, help="Into each item: customer.id; $ is the item itself.")


@lru_cache(maxsize=2_048)
def reader(path: str) -> Callable[[Any], Any]:
    """What stands at `path` of an item, MISSING too where the item has another shape."""
    read = compile_path(parse(path))

    def look(item: Any) -> Any:
        try:
            return read(item)
        except WrongShape:
            return MISSING

    return look


def path_fault(options: Mapping[str, Any]) -> str:
    """What is wrong with the option, as `ValueTransform.check` says it."""
    try:
        steps = parse(options.get("path", "$"))
    except BadPath as error:
        return f"`path`: {error}."
    return "`path` leads to one value: [*] has no place in it." if EACH in steps else ""


def order_of(value: Any) -> tuple[int, Any] | None:
    """A key by which any two single values can be compared; None for what has no order."""
    if value is MISSING or value is None or isinstance(value, list | dict):
        return None
    if isinstance(value, bool):
        return (2, value)
    return (1, value) if isinstance(value, str) else (0, value)
