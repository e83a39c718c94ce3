"""The outbound policy is read when the service starts, not at its first call."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from integration_hub.egress import policy, proxy


def check_outbound(**_: Any) -> list[checks.CheckMessage]:
    """hub.E020: every entry of HUB_OUTBOUND_ALLOW is one; hub.E024: HUB_OUTBOUND_PROXY is."""
    found: list[checks.CheckMessage] = []
    try:
        policy.rules()
    except ImproperlyConfigured as error:
        hint = "Write CIDRs and hosts with commas between, as 10.0.0.0/8,erp.internal:8443."
        found.append(checks.Error(str(error), hint=hint, id="hub.E020"))
    try:
        proxy.configured()
    except ImproperlyConfigured as error:
        hint = "Write http://proxy.internal:3128, with user:password@ before the host if needed."
        found.append(checks.Error(str(error), hint=hint, id="hub.E024"))
    return found
