"""The form of each grant that needs no person: what stands in the request beside the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credentials.choices import Reason
from credentials.errors import NotAcquired
from credentials.oauth2.client_auth import sign_with
from credentials.oauth2.settings import OAuthSettings

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def form_of(settings: OAuthSettings, data: Mapping[str, Any]) -> dict[str, str]:
    """What is asked for with this data. Raises NotAcquired where only a person can go on."""
    if settings.grant == "client_credentials":
        asked = {"grant_type": "client_credentials", **_scope(settings)}
        return {**settings.extra_params, **asked}
    if settings.grant == "jwt_bearer":
        return {**settings.extra_params, **_jwt_bearer(settings, data)}
    if data.get("refresh_token"):
        # No scope: the provider then gives what was granted (RFC 6749 §6).
        own = settings.extra_params if settings.grant == "refresh_token" else {}
        return {**own, "grant_type": "refresh_token", "refresh_token": data["refresh_token"]}
    raise NotAcquired(
        Reason.REAUTH_NEEDED,
        "the access token has ended and there is no refresh token: authorise again.",
        sent=False,
    )


def _jwt_bearer(settings: OAuthSettings, data: Mapping[str, Any]) -> dict[str, str]:
    claims = {
        "iss": data.get("issuer") or data.get("client_id"),
        "sub": data.get("subject") or data.get("issuer") or data.get("client_id"),
        "aud": settings.assertion_audience or settings.token_url,
        **settings.assertion_claims,
    }
    asked = {"grant_type": JWT_GRANT, "assertion": sign_with(data, claims)}
    return {**asked, **_scope(settings)}


def _scope(settings: OAuthSettings) -> dict[str, str]:
    wanted = " ".join(settings.scopes)
    return {"scope": wanted} if wanted else {}
