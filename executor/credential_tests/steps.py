"""The steps of a credential's test, each with what to do about its failure."""

from __future__ import annotations

from urllib.parse import urlsplit

from credentials import runtime as credentials
from credentials.models import Credential
from credentials.selectors import view_of
from executor.connection_test import Found, Report, call, check_config, check_credential
from integration_hub.access.caller import Caller
from integration_hub.coordination import holds
from integration_hub.egress.door import Deadline
from integration_hub.egress.reach import Reached, reach
from integration_hub.lib import clock
from registry.runtime import RuntimeInstance

TOTAL_SECONDS = 45.0
FEW_DAYS = 21


def report_of(instance: RuntimeInstance, caller: Caller) -> Report:
    """Everything on the way to a call that is let in, in the order in which things go wrong."""
    report, deadline = Report(), Deadline(TOTAL_SECONDS)
    way = _Way(instance, deadline)
    report.step("config", lambda: check_config(instance), hint="PATCH the instance's config.")
    report.step(
        "credential",
        lambda: check_credential(instance),
        hint="PUT the instance's credentials, or mend what its references lead to.",
    )
    report.step("dns", way.dns, hint="Check the host of base_url, and this host's resolver.")
    report.step("tls", way.tls, hint="Trust its authority: overrides.tls.authorities.")
    report.step("token", lambda: _token(instance))
    report.step("scopes", lambda: _scopes(instance))
    report.step("call", lambda: _call(instance, caller, deadline))
    report.step("rate", lambda: _rate(instance))
    return report


class _Way:
    """The way to the host of `base_url`, gone once and told in two steps."""

    def __init__(self, instance: RuntimeInstance, deadline: Deadline) -> None:
        self.instance, self.deadline = instance, deadline
        self.url = str(instance.config.get("base_url", ""))
        self.parts = urlsplit(self.url)

    def dns(self) -> str | Found:
        if not self.parts.hostname:
            return Found("The config has no base_url.", "skipped")
        found = self._reach(secure=False)
        return f"{self.parts.hostname} was found and takes connections, in {found.ms:.0f} ms."

    def tls(self) -> str | Found:
        if self.parts.scheme != "https":
            plain = "http" if self.parts.hostname else "no base_url"
            return Found(f"Nothing to check: {plain}.", "skipped")
        found = self._reach(secure=True)
        if found.ends_at is None:
            return Found(
                "The certificate is not verified.", "warn", "Switch overrides.tls.verify on again."
            )
        days = (found.ends_at - clock.now()).days
        told = f"{found.version}; the certificate is valid for {days} more days."
        if days < FEW_DAYS:
            return Found(told, "warn", "Ask the provider to renew its certificate.")
        return told

    def _reach(self, *, secure: bool) -> Reached:
        port = self.parts.port or (443 if self.parts.scheme == "https" else 80)
        use = credentials.use_for(self.instance)
        return reach(
            str(self.parts.hostname), port, deadline=self.deadline, tls=use.tls, secure=secure
        )


def _token(instance: RuntimeInstance) -> str | Found:
    row = Credential.objects.filter(instance_id=instance.id).first()
    if row is None:
        return Found("No credential is needed.", "skipped")
    ends = view_of(row, instance.slug).expires_at
    if ends is None:
        return Found(f"The type {row.type} ends at no known time.", "skipped")
    left = ends - clock.now()
    told = f"What it holds is good for {left.days} days and {left.seconds // 3600} hours."
    if row.refresh_at is not None:
        return f"{told} It is renewed by itself before that."
    if left.days < FEW_DAYS:
        return Found(told, "warn", "Ask the provider for a new one, and rotate.")
    return told


def _scopes(instance: RuntimeInstance) -> str | Found:
    row = Credential.objects.filter(instance_id=instance.id).first()
    entry = instance.auth(row.auth_id) if row is not None else None
    wanted = set(entry.options.get("scopes", ())) if entry is not None else set()
    if row is None or not wanted:
        return Found("The definition asks for no scopes.", "skipped")
    granted = set(view_of(row, instance.slug).scope.split())
    if not granted:
        return Found("The external system did not say what it granted.", "skipped")
    missing = sorted(wanted - granted)
    if missing:
        return Found(
            f"Not granted: {', '.join(missing)}.", "warn", "Authorise again, granting all of them."
        )
    return f"All {len(wanted)} are granted."


def _call(instance: RuntimeInstance, caller: Caller, deadline: Deadline) -> str | Found:
    health = instance.spec.health_method
    if not health:
        return Found("The definition names no health_check method to call.", "skipped")
    deadline.check(sent=False)
    return call(instance, health, caller)


def _rate(instance: RuntimeInstance) -> str | Found:
    if holds.states(str(instance.id)):
        return Found(
            "Calls are held back for a while, as the external system asked for.",
            "warn",
            "Wait until it takes calls again (GET circuits), or call less often.",
        )
    return "Nothing is held back."
