"""The second half of connecting: the answer judged, the code exchanged once, the tokens stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from credentials.models import Credential, OAuthFlow
from credentials.oauth2 import authorize, entries, links, scopes
from credentials.oauth2.answer import Answer, check_issuer, refusal_of
from credentials.oauth2.exchange import exchange_code
from credentials.oauth2.pkce import digest_of
from credentials.oauth2.visitor import Visitor, caller_for
from credentials.services import put_credential
from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Fault, Forbidden, HubError, ValidationFailed
from integration_hub.lib.pause import point
from integration_hub.lib.redact import registered
from integration_hub.sealing.keyring import CannotOpen
from registry.models import Instance
from registry.selectors import get_instance
from registry.spec import AuthSpec

_SCOPES = ("credentials", "manage")


@dataclass(frozen=True, slots=True)
class Finished:
    """`warning` says what of the scopes asked for was not granted; empty when all was."""

    credential: Credential
    instance: Instance
    host: str
    via: str
    warning: str


def find_flow(answer: Answer) -> OAuthFlow:
    """The flow of the answer's state, claimed or not. Raises ValidationFailed."""
    rows = OAuthFlow.objects.select_related("link", "instance__definition")
    flow = rows.filter(state_digest=digest_of(answer.state)).first()
    if flow is None:
        raise _bad_state("The state is not one of this hub", "UNKNOWN")
    return flow


def finish_flow(
    *, flow: OAuthFlow, answer: Answer, visitor: Visitor, instance: Instance | None = None
) -> Finished:
    """Judge the answer and, when it is good, exchange its code and store what was granted.

    `instance` is the one that the caller names, if any. The flow is claimed before
    anything is sent, so a code is exchanged once whatever comes twice. Raises
    ValidationFailed, Forbidden, InstanceNotFound, AuthFailed and what a call out
    raises; then nothing is stored.
    """
    if instance is not None and instance.pk != flow.instance_id:
        raise _bad_state("The state is of another instance", "OTHER_INSTANCE")
    caller = caller_for(flow, visitor)
    home = flow.instance if flow.link else _home(flow, caller)
    _claim(flow)
    with registered(answer.code, answer.state):
        try:
            return _finish(flow, home, answer, caller)
        except HubError as error:
            _audit_failure(flow, home, caller, error)
            raise


def _home(flow: OAuthFlow, caller: Caller) -> Instance:
    """The instance, if the starter still sees it and may still write its credential."""
    if not any(caller.can(scope) for scope in _SCOPES):
        raise Forbidden("You may no longer change credentials; ask the hub's operator.")
    return get_instance(str(flow.instance_id), caller)


def _claim(flow: OAuthFlow) -> None:
    """Make the flow this request's own, or say why it cannot be."""
    point("oauth2-claim")
    now = clock.now()
    free = OAuthFlow.objects.filter(pk=flow.pk, claimed_at=None, expires_at__gt=now)
    if free.update(claimed_at=now):
        return
    flow.refresh_from_db(fields=["claimed_at"])
    if flow.claimed_at is not None:
        raise _bad_state("The state has been used already", "USED")
    raise _bad_state("The state has expired: it holds for ten minutes", "EXPIRED")


def _bad_state(reason: str, code: str) -> ValidationFailed:
    return ValidationFailed(
        f"{reason}. Nothing was sent or stored; start the connection again.",
        errors=[Fault("/state", f"{reason}.", code)],
    )


def _finish(flow: OAuthFlow, home: Instance, answer: Answer, caller: Caller) -> Finished:
    entry = entries.entry_for(home, flow.auth_id)
    settings = entries.settings_for(home, entry)
    address = settings.authorization_url
    check_issuer(
        answer,
        issuer=settings.issuer,
        required=settings.names_itself,
        authorization_url=address,
    )
    if answer.error:
        uri = authorize.redirect_uri()
        raise refusal_of(answer, authorization_url=address, redirect_uri=uri)
    kept = _opened(flow)
    data = exchange_code(
        settings=settings, client=kept["client"], code=answer.code, verifier=kept["verifier"]
    )
    data.setdefault("scope", flow.asked)  # an answer without a scope grants what was asked
    row = _store(flow, home, entry, data, caller)
    warning = scopes.warning_of(row.scope_missing)
    return Finished(row, home, authorize.host_of(settings), flow.via, warning)


def _opened(flow: OAuthFlow) -> dict[str, Any]:
    try:
        return dict(jsonsafe.loads(flow.open_secret()))
    except CannotOpen as error:
        raise ValidationFailed(
            f"What was kept of the start cannot be read ({error}). Start the connection again."
        ) from None


def _store(
    flow: OAuthFlow,
    home: Instance,
    entry: AuthSpec,
    data: dict[str, Any],
    caller: Caller,
) -> Credential:
    """As a PUT would; the link is used up with it, the verifier forgotten."""
    with transaction.atomic():
        if flow.link is not None:
            links.use_up(flow.link)
        row = put_credential(
            instance=home,
            type=entry.type,
            auth_id=entry.id,
            data=data,
            caller=caller,
            scope_missing=scopes.missing(flow.asked, str(data["scope"])),
        )
        OAuthFlow.objects.filter(pk=flow.pk).update(secret=None, secret_key="")  # nosec B106
    return row


def _audit_failure(flow: OAuthFlow, home: Instance, caller: Caller, error: HubError) -> None:
    record(
        actor=caller.owner,
        action="credential.connect_failed",
        target_type="credential",
        target=home.slug,
        detail={"auth": flow.auth_id, "via": flow.via, "code": error.code},
    )
