"""Changes of `auth` and of where a secret may go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integration_hub.lib import pointers
from registry.compatibility.change import Change, breaking, changed, compatible
from registry.spec import AuthSpec, DefinitionSpec


def auth_changes(old: DefinitionSpec, new: DefinitionSpec) -> Iterator[Change]:
    """Entries are paired by id: what a credential names."""
    before = {entry.id: (index, entry) for index, entry in enumerate(old.auth)}
    after = {entry.id: (index, entry) for index, entry in enumerate(new.auth)}
    for name, (index, entry) in after.items():
        if name in before:
            yield from _entry(before[name][1], entry, f"/auth/{index}")
        else:
            needed = new.needs_credential and not old.needs_credential
            detail = f"The entry `{name}` is new" + (
                ", and a credential is needed now." if needed else "."
            )
            yield changed(f"/auth/{index}", detail, breaks=needed)
    for name, (index, _) in before.items():
        if name not in after:
            yield breaking(f"/auth/{index}", f"The entry `{name}` was removed.")


def host_changes(old: DefinitionSpec, new: DefinitionSpec) -> Iterator[Change]:
    """Without a list the host of `base_url` is allowed; with one only what it names."""
    before, after = old.allowed_hosts, new.allowed_hosts
    if bool(before) != bool(after):
        detail = "Which hosts the credential may be sent to is decided otherwise."
        yield breaking("/allowed_hosts", detail)
        return
    for host in sorted(set(before) - set(after)):
        yield breaking(
            f"/allowed_hosts/{before.index(host)}", f"The credential may not go to {host} now."
        )
    for host in sorted(set(after) - set(before)):
        yield compatible(
            f"/allowed_hosts/{after.index(host)}", f"The credential may also go to {host}."
        )


def _entry(old: AuthSpec, new: AuthSpec, place: str) -> Iterator[Change]:
    if old.type != new.type:
        yield breaking(f"{place}/type", f"`{old.type}` became `{new.type}`.")
        return
    for name in sorted(old.options.keys() | new.options.keys()):
        before, after = old.options.get(name), new.options.get(name)
        if before != after:
            detail = f"`{name}` changed: credentials are obtained or sent otherwise."
            breaks = not (name == "scopes" and _fewer(before, after))
            yield changed(f"{place}/{pointers.escape(name)}", detail, breaks=breaks)
    if old.errors != new.errors:
        yield compatible(f"{place}/errors", "What counts as a refused credential changed.")


def _fewer(before: Any, after: Any) -> bool:
    """Fewer scopes: what was granted still does."""
    lists = isinstance(before, list) and isinstance(after, list)
    return lists and set(after) < set(before)
