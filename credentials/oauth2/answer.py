"""What comes back from the authorization server, read strictly before anything is believed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from integration_hub.lib.errors import AuthFailed, Fault, ValidationFailed
from integration_hub.lib.redact import Redactor

MEMBERS: Mapping[str, int] = {
    "code": 4_096, "state": 200, "iss": 2_048, "error": 200, "error_description": 8_192,
    "error_uri": 8_192,
}  # fmt: skip
SAID_AT_MOST = 300

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_REGISTRATION = (
    "Compare how the client is registered there with the definition: the redirect URI must be "
    "exactly {redirect_uri}, and the authorization code grant must be allowed."
)
_AGAIN = "Nothing is wrong here: start again in a few minutes."
_PROMPT = "Take `prompt` out of the definition's `extra_params`, then start again."
_ADVICE = {
    "access_denied": "Start again and allow the access, or ask who administers {host} to allow it.",
    "invalid_scope": "Correct `scopes` in the definition, or start with a `scope` that {host} has.",
    "invalid_request": _REGISTRATION,
    "invalid_client": "Check the client id: {host} does not know it.",
    "redirect_uri_mismatch": _REGISTRATION,
    "unauthorized_client": _REGISTRATION,
    "unsupported_response_type": _REGISTRATION,
    "invalid_target": "Correct `resource` in the definition: {host} does not know it.",
    "server_error": _AGAIN,
    "temporarily_unavailable": _AGAIN,
    "login_required": _PROMPT,
    "consent_required": _PROMPT,
    "interaction_required": _PROMPT,
    "account_selection_required": _PROMPT,
}
_OTHERWISE = "Start again; if it says the same, show this to who administers {host}."


@dataclass(frozen=True, slots=True)
class Answer:
    """The members of one callback; absent ones are empty. Neither code nor state shows."""

    state: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    iss: str = ""
    error: str = ""
    error_description: str = ""
    error_uri: str = ""


def read_answer(sent: Mapping[str, Sequence[object]]) -> Answer:
    """From every value sent for each member. Raises ValidationFailed; quotes nothing."""
    faults = [fault for name in MEMBERS for fault in _member_faults(name, sent.get(name, ()))]
    given = {name for name in MEMBERS if sent.get(name)}
    if "state" not in given:
        faults.append(Fault("/state", "This member is needed.", "REQUIRED"))
    if not given & {"code", "error"}:
        faults.append(Fault("/code", "This member is needed.", "REQUIRED"))
    if {"code", "error"} <= given:
        faults.append(Fault("/code", "There is a code or an error, never both.", "EXCLUSIVE"))
    if faults:
        raise ValidationFailed(
            "This is no answer of an authorization server; see errors. Start the connection again.",
            errors=faults,
        )
    return Answer(**{name: str(sent[name][0]) for name in given})


def _member_faults(name: str, values: Sequence[object]) -> list[Fault]:
    if len(values) > 1:
        return [Fault(f"/{name}", "It is there more than once.", "DOUBLED")]
    for value in values:
        if not isinstance(value, str) or not 0 < len(value) <= MEMBERS[name]:
            detail = f"A text of 1 to {MEMBERS[name]} characters."
            return [Fault(f"/{name}", detail, "TYPE")]
    return []


def check_issuer(
    answer: Answer, *, issuer: str, required: bool = True, authorization_url: str
) -> None:
    """Refuse an answer of another server than the one asked (RFC 9207). Raises ValidationFailed.

    A known `issuer` must be named, to the letter; only where its metadata does not promise
    that (`required`) it may be left out. Without one, an `iss` that is there must at least
    be of the server that the person was sent to.
    """
    if not issuer:
        fits = not answer.iss or _origin(answer.iss) == _origin(authorization_url)
    elif not answer.iss:
        if not required:
            return
        raise _foreign(f"The answer does not say whose it is (`iss`), and {issuer} would.")
    else:
        fits = answer.iss == issuer
    if not fits:
        raise _foreign("The answer is of another authorization server than the one asked.")


def _foreign(detail: str) -> ValidationFailed:
    return ValidationFailed(
        f"{detail} Its code was not used. Start again; if it stays, compare `issuer` in the "
        "definition with what the server says of itself.",
        errors=[Fault("/iss", "Not the issuer that was asked.", "ISSUER")],
    )


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname or "", port)


def refusal_of(answer: Answer, *, authorization_url: str, redirect_uri: str) -> AuthFailed:
    """The provider's own words, made harmless and cut, and what to do about them."""
    host = urlsplit(authorization_url).netloc
    words = said(answer.error_description, answer)
    name = said(answer.error, answer)
    advice = _ADVICE.get(answer.error, _OTHERWISE).format(host=host, redirect_uri=redirect_uri)
    quoted = f"{name}: {words}" if words else name
    return AuthFailed(
        f"{host} did not give the access. It says: {quoted.rstrip('.')}. {advice}",
        retryable=False,
        extra={"provider_error": name, "provider_error_description": words},
    )


def said(text: str, answer: Answer) -> str:
    """Someone else's words on one line, without code and state, cut."""
    one_line = " ".join(_UNSEEN.sub(" ", text).split())
    return Redactor((answer.code, answer.state)).text(one_line, SAID_AT_MOST)
