"""Where an authorization server is asked: as the `auth` entry says, else as its issuer says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from credentials.acquiring import Place
from credentials.addresses import address_of, is_fixed, pinned
from credentials.choices import Reason
from credentials.errors import NotAcquired
from credentials.oauth2.metadata import Metadata, metadata_of
from integration_hub.egress import policy
from integration_hub.egress.door import Deadline, TlsOptions

CERTIFICATE = "tls_client_auth"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`hosts`: where the client may be shown; `client_auths`: how, where the server says so."""

    token_url: str
    hosts: tuple[str, ...]
    authorization_url: str = ""
    issuer: str = ""
    names_itself: bool = True
    client_auths: tuple[str, ...] = ()


def endpoints_of(
    options: Mapping[str, Any], place: Place, deadline: Deadline, *, needs: tuple[str, ...]
) -> Endpoints:
    """What the entry (or the config) says goes first. Raises NotAcquired."""
    issuer = address_of(options, "issuer", place) if "issuer" in options else ""
    absent = tuple(name for name in needs if name not in options)
    said = _asked(issuer, absent, place, deadline) if issuer and absent else None
    if said is None:
        for name in needs:
            address_of(options, name, place)  # says which is missing
    token_url, hosts = _token_url(options, place, issuer, said)
    return Endpoints(
        token_url=token_url,
        hosts=hosts,
        authorization_url=_authorization_url(options, place, said),
        issuer=issuer,
        names_itself=said is None or said.names_itself,
        client_auths=said.client_auths if said is not None else (),
    )


def _asked(issuer: str, absent: tuple[str, ...], place: Place, deadline: Deadline) -> Metadata:
    hosts = pinned("issuer", issuer, place, said=place.own.get("issuer"))
    authorities = place.tls.authorities if place.tls is not None else ""
    tls = TlsOptions(authorities=authorities) if authorities else None
    found = metadata_of(issuer, hosts=hosts, deadline=deadline, tls=tls)
    for name in absent:
        if not getattr(found, name):
            raise NotAcquired(
                Reason.NO_METADATA,
                f"{issuer} does not say its {name}: name it beside `issuer`.",
                sent=False,
            )
    return found


def _token_url(
    options: Mapping[str, Any], place: Place, issuer: str, said: Metadata | None
) -> tuple[str, tuple[str, ...]]:
    if said is None or "token_url" in options:
        address = address_of(options, "token_url", place)
        return address, pinned("token_url", address, place, said=place.own.get("token_url"))
    address = said.token_url
    if options.get("client_auth") == CERTIFICATE and said.mtls_token_url:
        address = said.mtls_token_url
    return address, _trusted(address, issuer, place)


def _trusted(address: str, issuer: str, place: Place) -> tuple[str, ...]:
    """Who the definition names may send the client elsewhere; who a config helped to name may
    not, beyond its own host and what `pinned` allows."""
    host = policy.host_of(address)
    if is_fixed(place.own.get("issuer")) or host == policy.host_of(issuer):
        return (host,)
    return pinned("token_url", address, place, said=None)


def _authorization_url(options: Mapping[str, Any], place: Place, said: Metadata | None) -> str:
    if "authorization_url" in options:
        return address_of(options, "authorization_url", place)
    return said.authorization_url if said is not None else ""
