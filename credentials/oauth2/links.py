"""Connect links: signed addresses by which someone without an account connects one instance."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction

from credentials.models import ConnectLink
from credentials.oauth2 import entries
from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.lib import clock
from integration_hub.lib.errors import Fault, NotFound, ValidationFailed
from registry.models import Instance

DEFAULT_SECONDS = 24 * 3600
LONGEST_SECONDS = 7 * 24 * 3600
PAGE = "/connect"

_SALT = "credentials.connect-link"


def create_link(
    *,
    instance: Instance,
    caller: Caller,
    auth_id: str | None = None,
    expires_in: int = DEFAULT_SECONDS,
) -> tuple[ConnectLink, str]:
    """A new link and its address, which is shown now or never.

    Raises ValidationFailed with pointers into {"auth", "expires_in"}.
    """
    if not 60 <= expires_in <= LONGEST_SECONDS:
        detail = f"Seconds from 60 to {LONGEST_SECONDS}."
        raise ValidationFailed(
            "The link is not valid; see errors.", errors=[Fault("/expires_in", detail, "RANGE")]
        )
    entry = entries.entry_for(instance, auth_id)
    with transaction.atomic():
        link = ConnectLink.objects.create(
            instance=instance,
            auth_id=entry.id,
            created_by=caller.owner,
            expires_at=clock.now() + timedelta(seconds=expires_in),
        )
        _audit(link, instance, "credential.link_created", caller)
    return link, address_of(link)


def revoke_links(*, instance: Instance, caller: Caller) -> int:
    """End every open link of the instance at once; how many there were."""
    with transaction.atomic():
        open_links = ConnectLink.objects.filter(instance=instance, used_at=None, revoked_at=None)
        ended = open_links.filter(expires_at__gt=clock.now()).update(revoked_at=clock.now())
        if ended:
            record(
                actor=caller.owner,
                action="credential.links_revoked",
                target_type="credential",
                target=instance.slug,
                detail={"links": ended},
            )
    return ended


def address_of(link: ConnectLink) -> str:
    """The key stands in the query, which no line of the hub's log has."""
    signed = Signer(salt=_SALT).sign(link.pk.hex)
    return f"{settings.HUB_PUBLIC_URL}{PAGE}?link={quote(signed, safe='')}"


def open_link(signed: str) -> ConnectLink:
    """The link that may still be used. Raises NotFound with what is wrong and what to do."""
    try:
        key = UUID(Signer(salt=_SALT).unsign(signed[:200]))
    except (BadSignature, ValueError):
        raise NotFound(
            "This is not a whole link of this hub. Open it again as it was sent to you, to its "
            "last character."
        ) from None
    rows = ConnectLink.objects.select_related("instance__definition")
    link = rows.filter(pk=key).first()
    ended = "was withdrawn" if link is None else why_ended(link)
    if link is None or ended:
        raise NotFound(f"This link {ended}. Ask whoever sent it for a new one.")
    return link


def why_ended(link: ConnectLink) -> str:
    """What became of the link; empty while it can be used."""
    if link.used_at is not None:
        return "has been used already"
    if link.revoked_at is not None:
        return "was withdrawn"
    return "has expired" if link.expires_at <= clock.now() else ""


def use_up(link: ConnectLink) -> None:
    """In the transaction of the success: a link connects once. Raises NotFound."""
    rows = ConnectLink.objects.filter(
        pk=link.pk, used_at=None, revoked_at=None, expires_at__gt=clock.now()
    )
    if not rows.update(used_at=clock.now()):
        raise NotFound("This link was used or withdrawn meanwhile. Ask for a new one.")


def caller_of(link: ConnectLink) -> Caller:
    """Whoever holds the link; it stands in the audit log under the link's id."""
    return Caller(owner=f"link:{link.pk}", name="connect link")


def _audit(link: ConnectLink, instance: Instance, action: str, caller: Caller) -> None:
    record(
        actor=caller.owner,
        action=action,
        target_type="credential",
        target=instance.slug,
        detail={
            "link": str(link.pk),
            "auth": link.auth_id,
            "until": clock.rfc3339(link.expires_at),
        },
    )
