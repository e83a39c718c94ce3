"""What a description does not say but its names suggest. Told as guesses, never decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from registry.importer import Notes

_PAGE = ("page", "page_number", "pagenumber", "pageno")
_OFFSET = ("offset", "start_index", "startindex", "skip")
_CURSOR = ("cursor", "page_token", "pagetoken", "starting_after", "iterator", "after", "next_token")
_RATE = ("ratelimit", "x-ratelimit-limit", "x-rate-limit-limit", "retry-after")


def guess(names: Iterable[str], result: Any, headers: Iterable[str], notes: Notes) -> None:
    """Pagination by the names of query parameters, rate limits by those of headers."""
    lower = {name.lower(): name for name in names}
    fields = _list_members(result)
    for style, known in (("cursor", _CURSOR), ("page", _PAGE), ("offset", _OFFSET)):
        name = next((lower[item] for item in known if item in lower), "")
        if name and fields:
            notes.guess(
                f"It looks paginated: style {style}, param {name!r}, items_path {fields[0]!r}. "
                "Nothing was set; add `pagination` if it is so."
            )
            break
    said = [header for header in headers if header.lower().startswith(_RATE)]
    if said:
        notes.guess(f"Its answers tell of a rate limit ({', '.join(said[:4])}): set `rate_limit`.")


def _list_members(result: Any) -> list[str]:
    """Where a result has its list: `$` for one that is a list itself."""
    if not isinstance(result, Mapping):
        return []
    if result.get("type") == "array":
        return ["$"]
    members = result.get("properties")
    return [
        name
        for name, member in (members.items() if isinstance(members, Mapping) else ())
        if isinstance(member, Mapping) and member.get("type") == "array"
    ]
