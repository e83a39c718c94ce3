"""What one instance's `oauth2` entry comes to: endpoints absolute, defaults filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from credentials.acquiring import Place
from credentials.oauth2.endpoints import endpoints_of
from integration_hub.egress.door import Deadline

CLIENT_AUTHS = (
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "none",
)
GRANTS = ("authorization_code", "client_credentials", "refresh_token", "jwt_bearer")
DEFAULT_LIFETIME = 3_600


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """`hosts` are where the client may be shown: see `pinned`.

    `token_type` stands in where an answer has none; `default_lifetime` likewise, in seconds.
    `client_auths` are the server's, where they are known; with `names_itself` its answers to
    browsers must name `issuer`.
    """

    grant: str
    token_url: str
    authorization_url: str = ""
    scopes: tuple[str, ...] = ()
    client_auth: str = ""
    client_auths: tuple[str, ...] = ()
    extra_params: Mapping[str, str] = field(default_factory=dict)
    resource: tuple[str, ...] = ()
    audience: str = ""
    issuer: str = ""
    names_itself: bool = True
    assertion_audience: str = ""
    assertion_claims: Mapping[str, Any] = field(default_factory=dict)
    token_type: str = ""
    default_lifetime: int = DEFAULT_LIFETIME
    authorities: str = ""
    hosts: tuple[str, ...] = ()


def settings_of(
    options: Mapping[str, Any],
    place: Place,
    deadline: Deadline,
    *,
    needs: tuple[str, ...] = ("token_url",),
) -> OAuthSettings:
    """From merged options; what is not among `place.own` the config gave.

    Which of the addresses in `needs` are not there, the metadata of `issuer` says: then it
    is asked for. Raises NotAcquired where an address cannot be made or is not allowed.
    """
    found = endpoints_of(options, place, deadline, needs=needs)
    return OAuthSettings(
        grant=str(options.get("grant", "authorization_code")),
        token_url=found.token_url,
        authorization_url=found.authorization_url,
        scopes=words_of(options.get("scopes", ())),
        client_auth=str(options.get("client_auth", "")),
        client_auths=found.client_auths,
        extra_params=options.get("extra_params", {}),
        resource=_texts(options.get("resource", ())),
        audience=str(options.get("audience", "")),
        issuer=found.issuer,
        names_itself=found.names_itself,
        assertion_audience=str(options.get("assertion_audience", "")),
        assertion_claims=options.get("assertion_claims", {}),
        token_type=str(options.get("token_type", "")),
        default_lifetime=int(options.get("default_lifetime_seconds", DEFAULT_LIFETIME)),
        authorities=place.tls.authorities if place.tls is not None else "",
        hosts=found.hosts,
    )


def words_of(scopes: Any) -> tuple[str, ...]:
    """Scopes as a list, or as one text with spaces."""
    return tuple(scopes.split()) if isinstance(scopes, str) else tuple(scopes)


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
