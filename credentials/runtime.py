"""The credential of one call: ciphertext from memory, opened for the call alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from credentials import references, refresh, refresh_rows, rotation
from credentials.acquiring import AcquiringScheme, Place
from credentials.choices import Acquisition, CredentialStatus, Reason
from credentials.errors import NotAcquired
from credentials.failures import NONE, Rules, rules_of
from credentials.models import Credential
from credentials.opening import open_row, readable
from credentials.scheme import AuthScheme, schemes
from credentials.selectors import current_status
from integration_hub.coordination.revision import Cached
from integration_hub.egress.door import Deadline, HttpRequest, Login, Signed, Signer, TlsOptions
from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import AuthFailed, InstanceNotReady
from registry.runtime import RuntimeInstance
from registry.spec import AuthSpec

_rows: Cached[Credential | None] = Cached("credentials")
_in_place: ContextVar[Credential | None] = ContextVar("hub_credential_in_place", default=None)


@contextmanager
def in_place_of(row: Credential) -> Iterator[None]:
    """Calls of this thread use this row, not the one that is stored: a trial, or the old secret."""
    token = _in_place.set(row)
    try:
        yield
    finally:
        _in_place.reset(token)


def before_rotation(instance: RuntimeInstance) -> Credential | None:
    """The secret that a rotation replaced, while it may still be used."""
    if not instance.spec.auth or _in_place.get() is not None:
        return None
    row = _rows.get(instance.id, partial(_load, instance.id))
    return None if row is None else rotation.previous_of(row)


def unsigned(request: HttpRequest) -> Signed:
    return Signed(request)


def _login(
    scheme: AuthScheme,
    instance: RuntimeInstance,
    data: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Login:
    found = scheme.login(data, options)
    if found is None:
        raise InstanceNotReady(
            f"{instance.slug} cannot log in: a credential of type {scheme.type} signs HTTP "
            f"requests alone, and {instance.spec.ref} speaks {instance.spec.type}."
        )
    return found


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """How one call authenticates. `secrets` are to be masked; neither shows in a repr.

    `sign` is for HTTP, `login` for other protocols (raises InstanceNotReady where the
    scheme has none). `tls` is what the instance says of TLS together with what its
    credential shows there.
    """

    sign: Signer = field(default=unsigned, repr=False)
    login: Callable[[], Login] = field(default=Login, repr=False)
    credential_id: UUID | None = None
    revision: int | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    tls: TlsOptions | None = field(default=None, repr=False)
    renewable: bool = False
    rules: Rules = NONE


def use_for(instance: RuntimeInstance, deadline: Deadline | None = None) -> CredentialUse:
    """The credential for a call of `instance`; costs no query while nothing has changed.

    What is due is renewed first, within `deadline`. Raises InstanceNotReady when it is
    missing or expired, AuthFailed(sent=False) when it cannot be opened or renewed,
    TimedOut and Cancelled when the deadline ends before that.
    """
    if not instance.spec.auth:
        return CredentialUse(tls=instance.tls)
    row = _in_place.get() or _rows.get(instance.id, partial(_load, instance.id))
    if row is None:
        return _without(instance)
    entry = _entry(instance, row)
    _require_alive(instance, row)
    try:
        scheme = schemes.get(entry.type)
    except UnknownPlugin as error:
        raise InstanceNotReady(f"{instance.slug} cannot authenticate: {error}.") from None
    options = scheme.options_for(entry.options, instance.config)
    if isinstance(scheme, AcquiringScheme) and _in_place.get() is None:
        row = _fresh(instance, row, entry, scheme, deadline)
    data = readable(instance, scheme, options, row)
    if isinstance(scheme, AcquiringScheme) and not scheme.is_held(data):
        raise InstanceNotReady(
            f"{instance.slug} has no token yet: connect it, or "
            f"PUT /instances/{instance.slug}/credentials with one."
        )
    return CredentialUse(
        sign=partial(scheme.apply, data=data, options=options),
        login=partial(_login, scheme, instance, data, options),
        credential_id=row.pk,
        revision=row.revision,
        secrets=scheme.secrets(data),
        tls=_with_certificate(instance.tls, scheme.tls(data)),
        renewable=isinstance(scheme, AcquiringScheme) and scheme.can_acquire(data, options),
        rules=rules_of(entry),
    )


def _with_certificate(said: TlsOptions | None, shown: TlsOptions | None) -> TlsOptions | None:
    if said is None or shown is None:
        return shown or said
    authorities = "\n".join(filter(None, (said.authorities, shown.authorities)))
    return replace(shown, authorities=authorities, verify=said.verify)


def is_renewable(instance: RuntimeInstance, row: Credential) -> bool:
    """Whether something new can be had for it without a person."""
    entry = _entry(instance, row)
    scheme = schemes.get(entry.type)
    return isinstance(scheme, AcquiringScheme) and _can_acquire(instance, row, entry, scheme)


def renew(
    instance: RuntimeInstance, *, seen: int | None, deadline: Deadline, patient: bool = True
) -> Credential:
    """A later revision of the credential than `seen`, which was of no use or is to be replaced.

    Raises NotAcquired, also where only a person can renew it, and as `use_for` does.
    """
    row = _load(instance.id)
    if row is None:
        raise NotAcquired(Reason.REAUTH_NEEDED, "there is no credential: PUT one.", sent=False)
    entry = _entry(instance, row)
    scheme = schemes.get(entry.type)
    if not isinstance(scheme, AcquiringScheme) or not _can_acquire(instance, row, entry, scheme):
        raise NotAcquired(
            Reason.REAUTH_NEEDED,
            f"a credential of this kind ({row.type}) is renewed by a person: "
            f"PUT /instances/{instance.slug}/credentials.",
            sent=False,
        )
    job = _job(instance, row, entry, scheme)
    known = row.revision if seen is None else seen
    return refresh.renewed(job, seen=known, deadline=deadline, patient=patient)


def job_for(instance: RuntimeInstance, row: Credential) -> refresh.Job:
    """What acquiring with this row means, one on trial included: its scheme acquires."""
    entry = _entry(instance, row)
    scheme = schemes.get(entry.type)
    if not isinstance(scheme, AcquiringScheme):
        raise TypeError(f"{entry.type} acquires nothing")
    return _job(instance, row, entry, scheme)


def end(instance: RuntimeInstance, seen: int | None, detail: str) -> None:
    """The definition says that only a person can go on with the credential of revision `seen`."""
    row = _load(instance.id)
    if row is not None and row.revision == seen:
        refresh_rows.end(row, instance.slug, detail)


def refused(instance: RuntimeInstance, seen: int | None) -> None:
    """The external system does not take revision `seen`: what it refers to is looked up anew."""
    row = _in_place.get() or _rows.get(instance.id, partial(_load, instance.id))
    if row is None or row.revision != seen:
        return
    try:
        references.forget(open_row(instance, row))
    except AuthFailed:
        return  # unreadable since this call: flagged and logged, and the next call says so


def leave_alone(credential_id: UUID | None, seen: int | None) -> None:
    """A new one was refused like the old one: force none for a while."""
    if credential_id is not None and seen is not None:
        refresh_rows.rest(credential_id, seen)


def _fresh(
    instance: RuntimeInstance,
    row: Credential,
    entry: AuthSpec,
    scheme: AcquiringScheme,
    deadline: Deadline | None,
) -> Credential:
    """The row with something to sign with; renewed where it is due."""
    if not refresh.is_due(row):
        return row
    limit = deadline or Deadline(refresh.CALL_SECONDS)
    try:
        return refresh.renewed(
            _job(instance, row, entry, scheme), seen=row.revision, deadline=limit
        )
    except NotAcquired as failure:
        if failure.outcome != Acquisition.OVER and not refresh.is_over(row):
            return row  # renewed early, so that a failure does no harm yet
        raise failure.as_error(instance.slug) from failure


def _job(
    instance: RuntimeInstance, row: Credential, entry: AuthSpec, scheme: AcquiringScheme
) -> refresh.Job:
    options = scheme.options_for(entry.options, instance.config)
    return refresh.Job(
        credential_id=row.pk,
        place=Place(
            slug=instance.slug,
            config=instance.config,
            allowed_hosts=instance.spec.allowed_hosts,
            tls=instance.tls,
            own=entry.options,
        ),
        scheme=scheme,
        options=options,
        opened=partial(readable, instance, scheme, options),
    )


def _can_acquire(
    instance: RuntimeInstance, row: Credential, entry: AuthSpec, scheme: AcquiringScheme
) -> bool:
    options = scheme.options_for(entry.options, instance.config)
    return scheme.can_acquire(open_row(instance, row), options)


def _load(instance_id: UUID) -> Credential | None:
    return Credential.objects.filter(instance_id=instance_id).first()


def _without(instance: RuntimeInstance) -> CredentialUse:
    if instance.spec.needs_credential:
        raise InstanceNotReady(
            f"{instance.slug} has no credential: PUT /instances/{instance.slug}/credentials.",
            extra={"state": "pending_authentication"},
        )
    return CredentialUse(tls=instance.tls)


def _entry(instance: RuntimeInstance, row: Credential) -> AuthSpec:
    entry = instance.auth(row.auth_id)
    if entry is None or entry.type != row.type:
        raise InstanceNotReady(
            f"The credential of {instance.slug} is for {row.auth_id!r}, which "
            f"{instance.spec.ref} does not have: PUT a new one."
        )
    return entry


def _require_alive(instance: RuntimeInstance, row: Credential) -> None:
    status = current_status(row)
    if status in (CredentialStatus.EXPIRED, CredentialStatus.REVOKED):
        raise InstanceNotReady(
            f"The credential of {instance.slug} is {status}: "
            f"PUT /instances/{instance.slug}/credentials.",
            extra={"credential": status},
        )
