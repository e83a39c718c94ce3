"""A token as a process remembers it, so that a warm call needs no token query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from integration_hub.access.caller import Caller
from integration_hub.access.models import Token
from integration_hub.lib import clock
from integration_hub.lib.errors import Unauthenticated

USE_NOTED_EVERY = timedelta(minutes=5)
_MAX_NOTED = 4096
_noted: dict[UUID, datetime] = {}


@dataclass(frozen=True, slots=True)
class KnownToken:
    id: UUID
    digest: str
    caller: Caller
    expires_at: datetime | None
    revoked: bool
    last_used_at: datetime | None

    def ended(self, now: datetime) -> bool:
        return self.revoked or (self.expires_at is not None and self.expires_at <= now)


def load_token(digest: str) -> KnownToken:
    """Read one token. Raises Unauthenticated: what is not there is not remembered."""
    row = Token.objects.filter(digest=digest).first()
    if row is None:
        raise Unauthenticated(
            "The token is not valid: unknown, expired or revoked. Ask the hub's operator for a "
            "new one (manage.py create_token)."
        )
    return known_of(row)


def known_of(row: Token) -> KnownToken:
    caller = Caller(
        owner=f"token:{row.pk}",
        name=row.name,
        scopes=frozenset(row.scopes),
        instances=frozenset(row.instances),
        contexts=frozenset(row.contexts),
    )
    return KnownToken(
        id=row.pk,
        digest=row.digest,
        caller=caller,
        expires_at=row.expires_at,
        revoked=row.revoked_at is not None,
        last_used_at=row.last_used_at,
    )


def note_use(token: KnownToken) -> None:
    """Write `last_used_at`, at most every five minutes a token."""
    now = clock.now()
    limit = now - USE_NOTED_EVERY
    last = _noted.get(token.id) or token.last_used_at
    if last is not None and last > limit:
        return
    if len(_noted) >= _MAX_NOTED:
        _noted.clear()
    _noted[token.id] = now
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=limit)
    Token.objects.filter(stale, pk=token.id).update(last_used_at=now)
