"""Variables and auth of a collection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from registry.importer import Notes

_VARIABLE = re.compile(r"\{\{\s*([^{}]{1,200}?)\s*\}\}")
_LONGEST_FILLED = 100_000
_PLAIN = frozenset({"basic", "bearer", "digest"})


def objects(found: Any) -> Iterator[Mapping[str, Any]]:
    """The enabled objects of a list."""
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, Mapping) and entry.get("disabled") is not True:
            yield entry


def filled(text: str, variables: Mapping[str, str]) -> str:
    """`{{name}}` replaced once by its value; one without a value, or without room, stays."""
    room = _LONGEST_FILLED

    def value(found: re.Match[str]) -> str:
        nonlocal room
        known = variables.get(found[1], "")
        if not known or len(known) > room:
            return found[0]
        room -= len(known)
        return known

    return _VARIABLE.sub(value, text)


def auth_entries(found: list[Any], notes: Notes) -> list[dict[str, Any]]:
    """One entry for each kind that requests use. Values are never taken: they may be secrets."""
    made: dict[str, dict[str, Any]] = {}
    for auth in found:
        kind = str(auth.get("type")) if isinstance(auth, Mapping) else "noauth"
        if kind in _PLAIN:
            made[kind] = {"type": kind}
        elif kind == "apikey":
            options = _options(auth.get("apikey"))
            place = "query" if options.get("in") == "query" else "header"
            made[kind] = {"type": "api_key", "in": place, "name": options.get("key", "X-Api-Key")}
        elif kind == "oauth2":
            made[kind] = {"type": "oauth2", "grant": "authorization_code"}
            notes.say("OAuth 2.0 is used: set its grant, addresses and scopes in `auth`.")
        elif kind != "noauth":
            notes.say(f"The authentication {kind[:40]!r} is not imported.")
    return [{"id": name, **entry} for name, entry in made.items()]


def _options(entries: Any) -> dict[str, str]:
    if isinstance(entries, Mapping):  # as collections of version 2.0 write it
        return {str(key): str(value) for key, value in entries.items()}
    return {str(entry.get("key")): str(entry.get("value")) for entry in objects(entries)}
