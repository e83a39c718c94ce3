"""Which line of a text a JSON Pointer leads to."""

from __future__ import annotations

from typing import Any, Final

import yaml

MAX_NODES: Final = 50_000


def lines_of(text: str) -> dict[str, int]:
    """Pointer → line, counted from 1, for the nodes of JSON or YAML; empty if it is neither.

    For text that the strict reader took: it has bounded the depth.
    """
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return {}
    found: dict[str, int] = {}
    waiting: list[tuple[str, Any]] = [("", root)] if root is not None else []
    for pointer, node in waiting:
        if len(found) >= MAX_NODES:
            break
        found.setdefault(pointer, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                place = f"{pointer}/{str(key.value).replace('~', '~0').replace('/', '~1')}"
                found.setdefault(place, key.start_mark.line + 1)
                waiting.append((place, value))
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend((f"{pointer}/{n}", value) for n, value in enumerate(node.value))
    return found


def line_of(lines: dict[str, int], pointer: str) -> int | None:
    """The line of the pointer, or of the nearest place above it that the text has."""
    while pointer not in lines:
        if not pointer:
            return None
        pointer = pointer.rpartition("/")[0]
    return lines[pointer]
