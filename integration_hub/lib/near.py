"""Near names: what the caller may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST = 3
_LONGEST = 200


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """Up to three of `known` that resemble `name`, best first, whatever the case.

    A name that contains the other one counts as near, because people leave out
    prefixes (`contact` for `create_contact`). Bounded: an over-long name has none.
    """
    if not name or len(name) > _LONGEST:
        return []
    wanted = name.casefold()
    names = {item.casefold(): item for item in sorted(set(known), reverse=True)}
    names.pop(wanted, None) if names.get(wanted) == name else None
    close = difflib.get_close_matches(wanted, list(names), n=_MOST, cutoff=0.6)
    if len(wanted) > 2:
        close += sorted(item for item in names if wanted in item and item not in close)
    return [names[item] for item in close[:_MOST]]
