"""The code for tokens: one request to the token endpoint, with the verifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credentials.choices import Acquisition
from credentials.errors import NotAcquired
from credentials.oauth2 import entries
from credentials.oauth2.authorize import redirect_uri
from credentials.oauth2.settings import OAuthSettings
from credentials.oauth2.token_endpoint import request_token
from credentials.schemes.oauth2 import acquired
from integration_hub.egress.door import Deadline
from integration_hub.lib.errors import AuthFailed

SECONDS = 30.0


def exchange_code(
    *, settings: OAuthSettings, client: Mapping[str, Any], code: str, verifier: str
) -> dict[str, Any]:
    """The credential's whole new data: references in `client` stay references.

    Raises AuthFailed with what went wrong and what to do.
    """
    shown = entries.resolved(client)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(),
        "code_verifier": verifier,
    }
    try:
        answer = request_token(settings=settings, data=shown, form=form, deadline=Deadline(SECONDS))
    except NotAcquired as error:
        raise _told(error) from None
    made = acquired({}, answer, default_lifetime=settings.default_lifetime)
    return {**client, **made.data}


def _told(error: NotAcquired) -> AuthFailed:
    """Nobody tries again by itself: a code is good for one request, so a person must."""
    what = error.detail.removesuffix("; it is asked again later.")
    passing = error.outcome == Acquisition.TRANSIENT
    then = "Start the connection again." if passing else "Correct that, then start again."
    return AuthFailed(
        f"The consent was given, but its code was not exchanged: {what.rstrip('.')}. {then}",
        retryable=False,
        upstream_status=error.status,
        extra={"reason": error.reason.value},
    )
