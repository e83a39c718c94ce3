"""`extends`: a definition over its base, member by member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.policy_schema import POLICIES

JSONObject = dict[str, Any]


def over(base: Mapping[str, Any], own: Mapping[str, Any]) -> JSONObject:
    """`own` with what it inherits: auth, limits and methods; nothing is judged.

    An `auth` entry of the same id and each member of a method or policy are its own
    where it has them. Members of the wrong type stay for the checks to refuse.
    """
    whole: JSONObject = dict(own)
    for name in POLICIES:
        if name in base:
            whole[name] = _merged(base[name], own.get(name, {}))
    if "auth" in base:
        whole["auth"] = _auth(base["auth"], own.get("auth", []))
    whole["methods"] = _methods(base.get("methods", {}), own.get("methods", {}))
    return whole


def _merged(below: Any, above: Any) -> Any:
    both = isinstance(below, Mapping) and isinstance(above, Mapping)
    return {**below, **above} if both else above


def _methods(below: Mapping[str, Any], above: Any) -> Any:
    if not isinstance(above, Mapping):
        return above
    return {**below} | {
        name: _method(below[name], method) if name in below else method
        for name, method in above.items()
    }


def _method(below: Any, above: Any) -> Any:
    whole = _merged(below, above)
    if whole is above:
        return above
    for name in POLICIES.keys() & below.keys() & above.keys():
        whole[name] = _merged(below[name], above[name])
    return whole


def _auth(below: list[Any], above: Any) -> Any:
    entries = isinstance(above, list) and all(isinstance(entry, Mapping) for entry in above)
    if not entries:
        return above
    known = {_id(entry): entry for entry in below}
    return list((known | {_id(entry): entry for entry in above}).values())


def _id(entry: Mapping[str, Any]) -> Any:
    return str(entry.get("id", entry.get("type")))
