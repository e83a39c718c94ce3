"""What a token may say about itself, checked whole before it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from integration_hub.access.choices import Scope
from integration_hub.lib import clock
from integration_hub.lib.errors import Fault, ValidationFailed

_CONTEXT = re.compile(r"global|(client|user):\S(.{0,118}\S)?")
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,80}")


def check_token_fields(
    *,
    name: str,
    scopes: Sequence[str],
    instances: Sequence[str],
    contexts: Sequence[str],
    expires_at: datetime | None,
) -> None:
    """Raise ValidationFailed that lists every fault."""
    faults = [
        *_name_faults(name),
        *_scope_faults(scopes),
        *_pattern_faults("instances", instances, _SLUG, "an instance's slug"),
        *_pattern_faults("contexts", contexts, _CONTEXT, "global, client:<id> or user:<id>"),
    ]
    if expires_at is not None and expires_at <= clock.now():
        faults.append(Fault("/expires_at", "lies in the past", "RANGE"))
    if faults:
        detail = "; ".join(f"{fault.pointer[1:]}: {fault.detail}" for fault in faults)
        raise ValidationFailed(f"The token cannot be made: {detail}.", errors=faults)


def _name_faults(name: str) -> Iterator[Fault]:
    if not name:
        yield Fault("/name", "is missing; say who will use the token", "MISSING")
    elif len(name) > 120 or not name.isprintable():
        yield Fault("/name", "takes at most 120 printable characters", "RANGE")


def _scope_faults(scopes: Sequence[str]) -> Iterator[Fault]:
    known = ", ".join(Scope.values)
    if not scopes:
        yield Fault("/scopes", f"is empty; known scopes: {known}", "MISSING")
    for index, scope in enumerate(scopes):
        if scope not in Scope.values:
            yield Fault(f"/scopes/{index}", f"{scope!r} is not a scope; known: {known}", "ENUM")


def _pattern_faults(
    field: str, values: Sequence[str], pattern: re.Pattern[str], meaning: str
) -> Iterator[Fault]:
    for index, value in enumerate(values):
        if not pattern.fullmatch(value):
            yield Fault(f"/{field}/{index}", f"{value!r} is not {meaning}", "FORMAT")
