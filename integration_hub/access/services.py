"""Tokens: made, revoked, checked. Every change is audited in its own transaction."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from integration_hub.access.caller import ALL_SCOPES, Caller
from integration_hub.access.known import KnownToken, known_of, load_token, note_use
from integration_hub.access.models import Token
from integration_hub.access.secret import digest_of, looks_right, new_secret, shown_prefix
from integration_hub.access.validation import check_token_fields
from integration_hub.audit import services as audit
from integration_hub.coordination import revision
from integration_hub.lib import clock, standard_webhooks
from integration_hub.lib.errors import Unauthenticated
from integration_hub.sealing.field import seal

_MOST_NAMESAKES = 1_000
_known: revision.Cached[KnownToken] = revision.Cached("access")

# What a staff user's Django permissions give over the API.
_STAFF_SCOPES = (
    ("registry.view_instance", {"read"}),
    ("executor.add_execution", {"execute"}),
    ("registry.change_instance", {"manage", "read"}),
    ("credentials.change_credential", {"credentials"}),
)


def create_token(
    *,
    name: str,
    scopes: Iterable[str],
    instances: Iterable[str] = (),
    contexts: Iterable[str] = (),
    expires_at: datetime | None = None,
    actor: str,
) -> tuple[Token, str]:
    """Store a new token and return it with its text, which is shown now or never.

    So is its webhook secret (`webhook_secret_of`).

    Raises ValidationFailed with every fault at once.
    """
    fields = {
        "name": name.strip(),
        "scopes": sorted(set(scopes)),
        "instances": sorted(set(instances)),
        "contexts": sorted(set(contexts)),
    }
    check_token_fields(**fields, expires_at=expires_at)  # type: ignore[arg-type]  # by name, each of its own type
    raw = new_secret()
    with transaction.atomic():
        token = Token(
            **fields,
            prefix=shown_prefix(raw),
            digest=digest_of(raw),
            expires_at=expires_at,
            created_by=actor,
        )
        token.webhook_secret = seal(token, "webhook_secret", standard_webhooks.new_secret())
        token.save(force_insert=True)
        _audit(token, "token.created", actor)
    return token, raw


def webhook_secret_of(token: Token) -> str:
    """What the callbacks of this token's calls are signed with; empty for one that has none."""
    return "" if token.webhook_secret is None else str(token.webhook_secret.open(token))


def has_webhook_secret(owner: str) -> bool:
    """Whether callbacks of this owner's calls can be signed."""
    kind, _, key = owner.partition(":")
    return kind == "token" and Token.objects.filter(pk=key, webhook_secret__isnull=False).exists()


def webhook_secret_of_owner(owner: str) -> str:
    """The same, by the owner of a call; empty for a person, or a token that is gone."""
    kind, _, key = owner.partition(":")
    row = Token.objects.filter(pk=key).first() if kind == "token" else None
    return "" if row is None else webhook_secret_of(row)


def revoke_token(*, token: Token, actor: str) -> bool:
    """End a token at once, in every process. False when it was revoked already."""
    with transaction.atomic():
        now = clock.now()
        rows = Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)
        if not rows:
            return False
        token.revoked_at = now
        revision.bump("access")
        _audit(token, "token.revoked", actor)
    return True


def authenticate(raw: str) -> Caller:
    """The caller behind a bearer token. Raises Unauthenticated, always with the same sentence."""
    digest = digest_of(raw)
    known = _known.get(digest, lambda: load_token(digest)) if looks_right(raw) else None
    if known is None or not hmac.compare_digest(known.digest, digest) or known.ended(clock.now()):
        raise Unauthenticated(
            "The token is not valid: unknown, expired or revoked. Ask the hub's operator for a "
            "new one (manage.py create_token)."
        )
    note_use(known)
    return known.caller


def caller_of_token(key: str) -> Caller | None:
    """The caller of the token with this id, for what it began earlier; None once it has ended."""
    row = Token.objects.filter(pk=key).first()
    known = known_of(row) if row is not None else None
    return None if known is None or known.ended(clock.now()) else known.caller


def caller_of_user(user: AbstractBaseUser) -> Caller:
    """What a person at the browser may do: a superuser all, staff by Django permissions."""
    owner, name = f"user:{user.pk}", user.get_username()
    if not user.is_active:
        return Caller(owner=owner, name=name)
    if getattr(user, "is_superuser", False):
        return Caller(owner=owner, name=name, scopes=ALL_SCOPES)
    scopes: set[str] = set()
    if getattr(user, "is_staff", False):
        for permission, gives in _STAFF_SCOPES:
            if user.has_perm(permission):  # type: ignore[attr-defined]  # staff are Django's users
                scopes |= gives
    return Caller(owner=owner, name=name, scopes=frozenset(scopes))


def owners_named(name: str) -> list[str]:
    """The owners of every token and person of this name."""
    tokens = Token.objects.filter(name=name).values_list("pk", flat=True)[:_MOST_NAMESAKES]
    people = get_user_model()._default_manager.filter(username=name).values_list("pk", flat=True)
    return [*(f"token:{pk}" for pk in tokens), *(f"user:{pk}" for pk in people)]


def _audit(token: Token, action: str, actor: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="token",
        target=str(token.pk),
        detail={
            "name": token.name,
            "prefix": token.prefix,
            "scopes": token.scopes,
            "instances": token.instances,
            "contexts": token.contexts,
            "expires_at": clock.rfc3339(token.expires_at) if token.expires_at else None,
        },
    )
