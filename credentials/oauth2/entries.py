"""Which `auth` entries people can connect, and what is said of their endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from credentials.acquiring import AcquiringScheme, Place
from credentials.backend import CannotLookUp
from credentials.choices import Acquisition, Reason
from credentials.errors import NotAcquired
from credentials.oauth2.settings import OAuthSettings, settings_of
from credentials.references import looked_up
from credentials.scheme import schemes
from integration_hub.egress.door import Deadline
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, ValidationFailed
from registry.building import spec_of_text
from registry.models import Instance
from registry.spec import AuthSpec
from registry.tls import options_of

TYPE, GRANT = "oauth2", "authorization_code"
ASKED_SECONDS = 10.0  # for the metadata of an issuer, where it is not known yet


def connectable(instance: Instance) -> tuple[AuthSpec, ...]:
    """The entries that take a person's consent."""
    spec, config = spec_of_text(instance.definition.effective), jsonsafe.loads(instance.config)
    of_type = (entry for entry in spec.auth if entry.type == TYPE and TYPE in schemes)
    return tuple(entry for entry in of_type if _grant(entry, config) == GRANT)


def _grant(entry: AuthSpec, config: Mapping[str, Any]) -> Any:
    return {**config, **entry.options}.get("grant", GRANT)


def entry_for(instance: Instance, auth_id: str | None) -> AuthSpec:
    """The entry named, else the only one, else that with the id of the type."""
    found = connectable(instance)
    fitting = [entry for entry in found if auth_id in (None, entry.id)]
    fitting = [entry for entry in fitting if entry.id == (auth_id or TYPE)] or fitting
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(entry.id for entry in found) or "none"
    detail = f"Name one of the entries that a person can connect: {listed}."
    raise ValidationFailed(
        f"{instance.definition.ref} cannot be connected like this: it needs an `auth` entry of "
        f"the type oauth2 with the grant {GRANT}, and has {listed}.",
        errors=[Fault("/auth", detail, "AMBIGUOUS" if fitting else "UNKNOWN")],
    )


def resolved(client: Mapping[str, Any]) -> Mapping[str, Any]:
    """The client with its references looked up. Raises ValidationFailed."""
    try:
        return looked_up(client, schemes.get(TYPE).fields)
    except CannotLookUp as error:
        raise ValidationFailed(f"The client cannot be read: {error}") from None


def settings_for(instance: Instance, entry: AuthSpec) -> OAuthSettings:
    """The entry with what the config adds to it.

    Where an address is left to the issuer's metadata it may be asked for: never call it in a
    transaction. Raises ValidationFailed for what is missing, TargetForbidden for what is not
    allowed, AuthFailed where the issuer does not answer.
    """
    scheme = cast("AcquiringScheme", schemes.get(TYPE))
    config = jsonsafe.loads(instance.config)
    place = Place(
        slug=instance.slug,
        config=config,
        allowed_hosts=spec_of_text(instance.definition.effective).allowed_hosts,
        tls=options_of(jsonsafe.loads(instance.overrides)),
        own=entry.options,
    )
    options = scheme.options_for(entry.options, config)
    try:
        settings = settings_of(
            options, place, Deadline(ASKED_SECONDS), needs=("token_url", "authorization_url")
        )
    except NotAcquired as error:
        if error.reason == Reason.FORBIDDEN_ADDRESS:
            raise error.as_error(instance.slug) from None
        if error.outcome == Acquisition.TRANSIENT:
            raise error.as_error(instance.slug) from None
        raise ValidationFailed(f"{instance.slug} cannot be connected: {error.detail}") from None
    return settings
