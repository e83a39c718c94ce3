"""What keeps secrets and the way out: keys, the audit chain, egress, TLS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from credentials.ageing import due_for_rotation
from integration_hub.audit.models import AuditEntry
from integration_hub.egress import policy, proxy
from integration_hub.lib import clock, jsonsafe
from integration_hub.monitoring.findings.finding import Finding
from integration_hub.sealing.census import key_uses
from integration_hub.sealing.keyring import CannotOpen, keyring
from registry.models import Instance
from registry.tls import is_verified

AUDIT_LATE_SECONDS = 60.0
MAX_LOOKED_AT = 10_000
_PUT_BACK = "Put it back at the end of FERNET_KEYS, or store these values again."
_ROTATE = "Run manage.py rotate_keys, then take the key out of FERNET_KEYS."
_KEYS = "Put the right keys into FERNET_KEYS, newest first."


def keys() -> Iterator[Finding]:
    count = len(settings.FERNET_KEYS)
    try:
        ring = keyring()
        opened = ring.decrypt(ring.encrypt("doctor"))
    except CannotOpen as error:
        yield Finding("keys", "fail", f"Nothing can be sealed: {error}.", _KEYS)
        return
    if opened != "doctor":
        yield Finding("keys", "fail", "The newest key does not open what it sealed.", _KEYS)
        return
    yield Finding("keys", "ok", f"{count} in FERNET_KEYS; {ring.newest} is the newest.")
    yield from _keys_in_use()


def rotation() -> Iterator[Finding]:
    """Credentials that nobody has replaced for longer than HUB_CREDENTIAL_ROTATION_DAYS."""
    days = settings.HUB_CREDENTIAL_ROTATION_DAYS
    if not days:
        return
    due = due_for_rotation()
    named = [row.instance.slug for row in due[:11]]
    if not named:
        yield Finding("rotation", "ok", f"Every credential was given within {days} days.")
        return
    yield Finding(
        "rotation",
        "warn",
        f"{due.count()} were given more than {days} days ago: {_listed(named)}.",
        "Rotate them: POST /instances/{ref}/credentials/rotate, or Rotate in the admin.",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")


def _keys_in_use() -> Iterator[Finding]:
    """Keys that rows name and nobody has; and whether old ones could go."""
    for use in key_uses():
        where = ", ".join(f"{model} ({rows})" for model, rows in use.by_model.items())
        if not use.known:
            yield Finding("keys", "fail", f"Missing: {use.id}, used by {where}.", _PUT_BACK)
        elif use.rows and not use.newest:
            yield Finding("keys", "warn", f"{use.id} is old, used by {where}.", _ROTATE)
        elif not use.newest:
            yield Finding("keys", "ok", f"{use.id}: 0 rows, safe to retire.")


def audit() -> Iterator[Finding]:
    """Rows that should have been chained by now; `verify_audit` looks at the chain itself."""
    late = clock.now() - timedelta(seconds=AUDIT_LATE_SECONDS)
    waiting = AuditEntry.objects.filter(sequence=None, at__lt=late).count()
    if waiting:
        detail = f"{waiting} rows are not chained after {AUDIT_LATE_SECONDS:.0f} s."
        yield Finding("audit", "warn", detail, "See that a pacer runs (runhub, runworker).")
    else:
        yield Finding("audit", "ok", "Every row is chained; check it with verify_audit.")


def outbound() -> Iterator[Finding]:
    try:
        policy.rules()
        through = proxy.configured()
    except ImproperlyConfigured as error:
        remedy = "No call can be made until the entry is mended or taken out."
        yield Finding("outbound", "fail", str(error), remedy)
        return
    allowed = ", ".join(settings.HUB_OUTBOUND_ALLOW) or "nothing beside"
    way = f"through {through.host}:{through.port}" if through else "directly"
    said = f"Policy {settings.HUB_OUTBOUND_POLICY}; allowed: {allowed}; public addresses {way}."
    yield Finding("outbound", "ok", said)
    if settings.HUB_PRODUCTION and settings.HUB_OUTBOUND_ALLOW:
        yield Finding(
            "outbound",
            "warn",
            "HUB_OUTBOUND_ALLOW opens addresses that the policy would refuse.",
            "Keep it as narrow as the integrations need.",
        )


def unverified() -> Iterator[Finding]:
    """Instances whose TLS certificates nobody verifies."""
    rows = Instance.objects.filter(overrides__contains="verify").order_by("slug")
    said = rows.values_list("slug", "overrides")[:MAX_LOOKED_AT]
    found = [slug for slug, overrides in said if not is_verified(jsonsafe.loads(overrides))]
    if not found:
        yield Finding("tls", "ok", "Every instance verifies certificates.")
        return
    yield Finding(
        "tls",
        "warn",
        f"{len(found)} verify no TLS certificate: {_listed(found)}.",
        "Trust the system's own authority instead: overrides.tls.authorities.",
    )
