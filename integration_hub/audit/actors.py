"""What to call an actor: rows keep the stable key, people read the name beside it.

Who knows names (tokens, people) registers here under the key's first word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from integration_hub.lib.catalog import Catalog

Names = Callable[[list[str]], Mapping[str, str]]
"""Keys without their first word → names; an unknown key is left out."""

actor_names: Catalog[Names] = Catalog("kind of actor")


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Actor → name, for those that have one; one query a kind of actor."""
    by_kind: dict[str, list[str]] = {}
    for actor in set(actors):
        kind, mark, key = actor.partition(":")
        if mark and kind in actor_names:
            by_kind.setdefault(kind, []).append(key)
    return {
        f"{kind}:{key}": name
        for kind, keys in by_kind.items()
        for key, name in actor_names.get(kind)(keys).items()
    }
