"""What is left of a document when its misshapen members are taken out.

One refusal must list every fault, those of shape and those of content, and the
checks of content need a document of the right shape.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from integration_hub.lib import pointers
from integration_hub.lib.errors import Fault

_PLACEHOLDERS = {"slug": "unnamed", "name": "Unnamed", "version": "0.0.0"}
_IN_METHOD = 2  # /methods/<name>


def judgeable(
    document: Mapping[str, Any],
    faults: tuple[Fault, ...],
    shape_faults: Callable[[Mapping[str, Any]], tuple[Fault, ...]],
) -> dict[str, Any] | None:
    """A copy of the right shape without the faulty members; None when too little is left."""
    rest: dict[str, Any] = copy.deepcopy(dict(document))
    rest.pop("extends", None)
    for fault in faults:
        _take_out(rest, pointers.split(fault.pointer))
    rest = _PLACEHOLDERS | rest
    for fault in shape_faults(rest):
        _remove(rest, pointers.split(fault.pointer)[:_IN_METHOD])
    _forget_lost_health_method(document, rest)
    return None if shape_faults(rest) else rest


def _take_out(document: dict[str, Any], path: list[str]) -> None:
    """Without its parameter schema a method cannot be judged, so then it goes whole."""
    blind = len(path) > _IN_METHOD and path[0] == "methods" and path[2] == "param_schema"
    _remove(document, path[:_IN_METHOD] if blind else path)


def _remove(document: dict[str, Any], path: list[str]) -> None:
    """Take out the member at `path`; a list goes whole, so that its indexes stay true."""
    node: Any = document
    for index, segment in enumerate(path):
        if isinstance(node, list):
            _remove(document, path[:index])
            return
        if not isinstance(node, dict) or segment not in node:
            return
        if index == len(path) - 1:
            del node[segment]
            return
        node = node[segment]


def _forget_lost_health_method(document: Mapping[str, Any], rest: dict[str, Any]) -> None:
    """A health check of a method that was taken out here is no fault of its own."""
    check, methods = rest.get("health_check"), rest.get("methods")
    if isinstance(check, dict) and isinstance(methods, dict):
        name = check.get("method")
        if name not in methods and name in document["methods"]:
            del rest["health_check"]
