"""The first half of connecting: a state that only the starter can use, and where to go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from credentials.choices import FlowVia
from credentials.models import ConnectLink, Credential, OAuthFlow
from credentials.oauth2 import authorize, entries, scopes
from credentials.oauth2.pkce import digest_of, new_secret
from credentials.services import stored_data
from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.sealing.field import seal
from registry.models import Instance
from registry.spec import AuthSpec

LIFETIME = timedelta(minutes=10)
_KEPT = timedelta(hours=1)  # beyond its end, so that a late comer is told what happened
_PRUNED_AT_ONCE = 500
TOKENS = ("access_token", "refresh_token", "expires_at", "scope")


@dataclass(frozen=True, slots=True)
class Started:
    """Where the person goes. `browser_key` belongs into the cookie `cookie`; empty: none."""

    authorization_url: str = field(repr=False)
    state: str = field(repr=False)
    expires_at: datetime
    host: str
    cookie: str
    browser_key: str = field(default="", repr=False)


def start_flow(
    *,
    instance: Instance,
    caller: Caller,
    via: FlowVia,
    auth_id: str | None = None,
    client: Mapping[str, str] | None = None,
    scope: str | None = None,
    link: ConnectLink | None = None,
    in_browser: bool = True,
) -> Started:
    """Begin an authorization code flow with PKCE for `instance`; nothing is sent anywhere.

    `client` (`client_id`, `client_secret`) goes before what the credential holds, `scope`
    before the definition's scopes. `in_browser` binds the state to one browser. Raises
    ValidationFailed with pointers into {"auth", "client_id", "scope"}.
    """
    entry = entries.entry_for(instance, auth_id)
    settings = entries.settings_for(instance, entry)
    known = client_data(instance, entry) | dict(client or {})
    if not known.get("client_id"):
        detail = "Send it here, or store it with the credential: the id that the provider gave."
        raise ValidationFailed(
            f"{instance.slug} has no client id to ask with; see errors.",
            errors=[Fault("/client_id", detail, "REQUIRED")],
        )
    client_id = str(entries.resolved(known)["client_id"])
    state, verifier = new_secret(), new_secret()
    asked = scopes.text_of(settings.scopes if scope is None else scope)
    url = authorize.build_url(
        settings, client_id=client_id, scope=asked, state=state, verifier=verifier
    )
    browser_key = new_secret() if in_browser else ""
    row = OAuthFlow(
        instance=instance,
        auth_id=entry.id,
        state_digest=digest_of(state),
        via=via,
        started_by=caller.owner,
        browser_digest=digest_of(browser_key) if browser_key else "",
        link=link,
        asked=asked,
        expires_at=clock.now() + LIFETIME,
    )
    row.secret = seal(row, "secret", jsonsafe.dumps_text({"verifier": verifier, "client": known}))
    _save(row, instance)
    host = authorize.host_of(settings)
    return Started(url, state, row.expires_at, host, cookie_of(row.pk), browser_key)


def client_data(instance: Instance, entry: AuthSpec) -> dict[str, Any]:
    """What is stored of the client for this entry: everything but the tokens."""
    row = Credential.objects.filter(instance=instance).first()
    if row is None or (row.auth_id, row.type) != (entry.id, entry.type):
        return {}
    return {name: value for name, value in stored_data(row).items() if name not in TOKENS}


def cookie_of(key: UUID) -> str:
    """One cookie a flow, so that two windows do not take each other's."""
    return f"hub_connect_{key.hex[-12:]}"


def _save(row: OAuthFlow, instance: Instance) -> None:
    with transaction.atomic():
        old = OAuthFlow.objects.filter(expires_at__lt=clock.now() - _KEPT)
        OAuthFlow.objects.filter(
            pk__in=list(old.values_list("pk", flat=True)[:_PRUNED_AT_ONCE])
        ).delete()
        row.save()
        record(
            actor=row.started_by,
            action="credential.connect_started",
            target_type="credential",
            target=instance.slug,
            detail={"auth": row.auth_id, "via": row.via, "scope": row.asked},
        )
