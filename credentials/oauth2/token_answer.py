"""A token endpoint's answer (RFC 6749 §5), read by the letter. No sentence quotes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from credentials.choices import Reason
from credentials.errors import NotAcquired
from integration_hub.egress.door import HttpAnswer
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.resilience import hints

LONGEST_LIFETIME = 366 * 86_400
MAX_TOKEN = 7 * 1024  # with its name it must fit into one header
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_SECONDS = re.compile(r"[0-9]{1,400}(\.[0-9]+)?")

_ERRORS: Mapping[str, tuple[Reason, str]] = {
    "invalid_grant": (
        Reason.INVALID_GRANT,
        "the grant is no longer valid (invalid_grant): authorise again",
    ),
    "invalid_client": (
        Reason.INVALID_CLIENT,
        "the client was not recognised (invalid_client): check client_id, its secret, client_auth",
    ),
    "unauthorized_client": (
        Reason.INVALID_CLIENT,
        "the client may not use this grant (unauthorized_client): allow it at the provider",
    ),
    "unsupported_grant_type": (
        Reason.INVALID_REQUEST,
        "the provider does not know this grant (unsupported_grant_type): check grant",
    ),
    "invalid_request": (
        Reason.INVALID_REQUEST,
        "the provider calls the request malformed (invalid_request): check client_auth, token_url",
    ),
    "invalid_scope": (
        Reason.INVALID_SCOPE,
        "the provider refuses the scopes (invalid_scope): check scopes of the definition",
    ),
    "invalid_target": (
        Reason.INVALID_SCOPE,
        "the provider refuses the resource (invalid_target): check resource and audience",
    ),
    "interaction_required": (Reason.REAUTH_NEEDED, "the provider wants to see the person again"),
    "login_required": (Reason.REAUTH_NEEDED, "the provider wants to see the person again"),
    "consent_required": (Reason.REAUTH_NEEDED, "the provider wants the person's consent again"),
    "temporarily_unavailable": (Reason.UNAVAILABLE, "the token endpoint is overloaded for now"),
    "slow_down": (Reason.UNAVAILABLE, "the token endpoint asks for fewer requests"),
    "server_error": (Reason.UNAVAILABLE, "the token endpoint failed"),
}


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """`expires_in` in seconds, None where the answer has none; `scope` as it was granted."""

    access_token: str = field(repr=False)
    expires_in: int | None = None
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
    id_token: str = field(default="", repr=False)


def read_answer(answer: HttpAnswer, *, token_type: str = "") -> TokenAnswer:
    """Raises NotAcquired. `token_type` is what an answer without one is taken for."""
    status = answer.status
    if 300 <= status < 400:
        raise NotAcquired(
            Reason.REDIRECTED,
            f"the token endpoint redirected ({status}), which is never followed with a secret: "
            "correct token_url.",
            status=status,
        )
    document = _document(answer)
    if status >= 400 or "error" in document:
        raise _refusal(answer, document)
    _require_bearer(document, token_type, status)
    return TokenAnswer(
        access_token=_access_token(document, status),
        expires_in=_expires_in(document, status),
        refresh_token=_refresh_token(document, status),
        scope=_scope(document, status),
        id_token=_plain(document.get("id_token")),
    )


def _document(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        document = jsonsafe.loads(answer.content)
    except ValueError:
        document = None
        if answer.status < 400:
            raise _unreadable(answer) from None
    if isinstance(document, dict):
        return document
    if answer.status >= 400:
        return {}
    raise NotAcquired(
        Reason.NOT_AN_OBJECT,
        "the token endpoint answered JSON that is no object: check token_url.",
        status=answer.status,
    )


def _unreadable(answer: HttpAnswer) -> NotAcquired:
    if "html" in answer.content_type.lower() or answer.content.lstrip()[:1] == b"<":
        return NotAcquired(
            Reason.IS_HTML,
            "the token endpoint answered a page for people: check token_url, and whether a "
            "proxy or a login page stands before it.",
            status=answer.status,
        )
    return NotAcquired(
        Reason.NOT_JSON,
        "the token endpoint's answer is not JSON (RFC 6749 §5.1): check token_url.",
        status=answer.status,
    )


def _refusal(answer: HttpAnswer, document: Mapping[str, Any]) -> NotAcquired:
    """By the error's name where it is one of the standard's, else by the status."""
    said, status = document.get("error"), answer.status
    wait = hints.wait_seconds(answer.headers, clock.now(), status)
    if isinstance(said, str) and said in _ERRORS:
        reason, sentence = _ERRORS[said]
        return NotAcquired(reason, f"{sentence}.", status=status, retry_after=wait)
    if status == 429 or status >= 500:
        sentence = f"the token endpoint answered {status}; it is asked again later."
        return NotAcquired(Reason.UNAVAILABLE, sentence, status=status, retry_after=wait)
    if status == 401:
        reason, sentence = _ERRORS["invalid_client"]
        return NotAcquired(reason, f"{sentence}.", status=status)
    return NotAcquired(
        Reason.UNKNOWN_ERROR,
        f"the token endpoint answered {status} with an error that RFC 6749 does not name: see "
        "the provider's own log, and check token_url.",
        status=status,
        retry_after=wait,
    )


def _access_token(document: Mapping[str, Any], status: int) -> str:
    token = document.get("access_token")
    if token is None or token == "":
        raise NotAcquired(
            Reason.NO_TOKEN, "the answer has no access_token: check token_url.", status=status
        )
    if not isinstance(token, str) or len(token) > MAX_TOKEN or not _VISIBLE.fullmatch(token):
        raise NotAcquired(
            Reason.BAD_TOKEN,
            f"the access_token is no text of up to {MAX_TOKEN} visible characters, so it "
            "cannot be sent: ask the provider.",
            status=status,
        )
    return token


def _require_bearer(document: Mapping[str, Any], assumed: str, status: int) -> None:
    kind = assumed or document.get("token_type")
    if kind is None or kind == "":
        raise NotAcquired(
            Reason.NO_TOKEN_TYPE,
            "the answer has no token_type (RFC 6749 §5.1): where the provider is known for "
            "it, say token_type: bearer in the definition's auth entry.",
            status=status,
        )
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise NotAcquired(
            Reason.BAD_TOKEN_TYPE,
            "the token_type is not bearer, the only one that is known here: ask the provider "
            "for bearer tokens.",
            status=status,
        )


def _expires_in(document: Mapping[str, Any], status: int) -> int | None:
    """Seconds as a number or, as some send them, as digits; a huge one is cut to a year."""
    value = document.get("expires_in")
    if value is None:
        return None
    text = "" if isinstance(value, bool | list | dict) else str(value)
    if isinstance(value, float):
        text = f"{value:.0f}"
    if not _SECONDS.fullmatch(text) or not int(text.partition(".")[0]):
        raise NotAcquired(
            Reason.BAD_EXPIRY,
            "expires_in is not a positive number of seconds: ask the provider.",
            status=status,
        )
    return min(int(text.partition(".")[0]), LONGEST_LIFETIME)


def _refresh_token(document: Mapping[str, Any], status: int) -> str:
    token = document.get("refresh_token")
    if token is None or token == "":
        return ""
    if not isinstance(token, str) or len(token) > 16_384 or not token.isprintable():
        raise NotAcquired(
            Reason.BAD_REFRESH_TOKEN,
            "the refresh_token is not a printable text: ask the provider.",
            status=status,
        )
    return token


def _scope(document: Mapping[str, Any], status: int) -> str:
    scope = document.get("scope")
    if isinstance(scope, list) and all(isinstance(word, str) for word in scope):
        scope = " ".join(scope)
    if scope is None:
        return ""
    if not isinstance(scope, str) or not scope.isprintable():
        raise NotAcquired(
            Reason.BAD_SCOPE, "the scope is not a text: ask the provider.", status=status
        )
    return scope


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ""
