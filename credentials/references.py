"""`{"ref": "env:NAME"}` in place of a value: judged when stored, looked up for each call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credentials import lookups
from credentials.backend import CannotLookUp, backends
from integration_hub.lib import jsonsafe
from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.fields import Field

MAX_LENGTH = 1_000


def is_reference(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"ref"}


def has_any(data: Mapping[str, Any]) -> bool:
    return any(is_reference(value) for value in data.values())


def fault(value: Mapping[str, Any]) -> str:
    """Why this reference cannot be stored, as a sentence; empty when it can."""
    text = value["ref"]
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        return f"A reference is a text of at most {MAX_LENGTH} characters."
    name, mark, place = text.partition(":")
    if not mark or not place:
        return f"A reference is a backend and a place, as env:NAME; {_known()}."
    try:
        return backends.get(name).fault(place)
    except UnknownPlugin as error:
        said = f"is disabled here: {error.reason}" if error.reason else "is not known"
        return f"The backend of this reference {said}; {_known()}."


def hint(data: Mapping[str, Any]) -> str:
    """Where the values are, which is no secret."""
    return ", ".join(value["ref"] for value in data.values() if is_reference(value))


def looked_up(data: Mapping[str, Any], fields: tuple[Field, ...]) -> Mapping[str, Any]:
    """The data with every reference replaced by what it leads to.

    Raises CannotLookUp, naming the member and the reference, never a value.
    """
    if not has_any(data):
        return data
    kinds = {field.name: field.kind for field in fields}
    return {
        name: _value(name, value["ref"], kinds.get(name, "string"))
        if is_reference(value)
        else value
        for name, value in data.items()
    }


def forget(data: Mapping[str, Any]) -> bool:
    """Look every value up anew for the next call; whether there was one."""
    for value in data.values():
        if is_reference(value):
            name, _, place = value["ref"].partition(":")
            lookups.forget(name, place)
    return has_any(data)


def _value(member: str, ref: str, kind: str) -> Any:
    name, _, place = ref.partition(":")
    try:
        text = lookups.read(name, place)
    except (CannotLookUp, UnknownPlugin) as error:
        lasting = getattr(error, "lasting", True)
        raise CannotLookUp(f"{member} = {ref}: {error}", lasting=lasting) from None
    try:
        return _typed(text, kind)
    except (ValueError, KeyError):
        raise CannotLookUp(f"{member} = {ref}: what is there is no {kind}.", lasting=True) from None


def _typed(text: str, kind: str) -> Any:
    if kind == "integer":
        return int(text)
    if kind == "boolean":
        return {"true": True, "false": False}[text.strip().lower()]
    if kind == "object":
        return _object(text)
    return text


def _object(text: str) -> dict[str, Any]:
    found = jsonsafe.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 - judged with the other forms of "is no …"
    return found


def _known() -> str:
    return f"this hub has {', '.join(backends.names())}"
