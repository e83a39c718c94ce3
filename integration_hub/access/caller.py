"""Who is calling, and what they may do and see. Frozen data: no query, no model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from integration_hub.access.choices import Scope
from integration_hub.lib.errors import Forbidden

ALL_SCOPES = frozenset(Scope.values)
_IMPLIED = {Scope.READ.value: Scope.MANAGE.value}


@dataclass(frozen=True, slots=True)
class Caller:
    """`owner` is stable and goes into rows; `name` is for people.

    Empty `instances` or `contexts` mean no limit; a context is `global`,
    `client:<id>` or `user:<id>`.
    """

    owner: str
    name: str = ""
    scopes: frozenset[str] = frozenset()
    instances: frozenset[str] = field(default=frozenset())
    contexts: frozenset[str] = field(default=frozenset())

    @classmethod
    def command(cls, name: str) -> Self:
        """Someone at the shell of the host: no limits."""
        return cls(owner=f"command:{name}", name=name, scopes=ALL_SCOPES)

    @classmethod
    def schedule(cls) -> Self:
        """The hub itself, by the clock: no limits."""
        return cls(owner="schedule", name="schedule", scopes=ALL_SCOPES)

    @classmethod
    def anonymous(cls) -> Self:
        return cls(owner="anonymous", name="anonymous")

    @property
    def is_anonymous(self) -> bool:
        return self.owner == "anonymous"

    @property
    def is_limited(self) -> bool:
        """Whether there are instances that do not exist for this caller."""
        return bool(self.instances or self.contexts)

    def can(self, scope: str) -> bool:
        """Whether this scope is held; `manage` includes `read`."""
        return scope in self.scopes or _IMPLIED.get(scope) in self.scopes

    def sees(self, slug: str, context_type: str, context_id: str = "") -> bool:
        """Whether this instance exists for the caller; what is not seen answers 404."""
        if self.instances and slug not in self.instances:
            return False
        return not self.contexts or context_name(context_type, context_id) in self.contexts

    def require(self, scope: str) -> None:
        """Raise Forbidden unless the scope is held."""
        if not self.can(scope):
            raise Forbidden(
                f"This needs the scope {scope!r}; {self.name or self.owner} has "
                f"{', '.join(sorted(self.scopes)) or 'none'}. Use a token that has it."
            )


def context_name(context_type: str, context_id: str = "") -> str:
    """`global`, `client:<id>` or `user:<id>`: how tokens name a context."""
    return f"{context_type}:{context_id}" if context_id else context_type
