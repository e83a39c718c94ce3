"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT says that somebody takes them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integration_hub.lib import tracing

_SDK = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.common")


def enable() -> None:
    """Trace where the setting is set; else nothing of OpenTelemetry is even loaded.

    Raises ImproperlyConfigured where it is not installed.
    """
    endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
    if not endpoint:
        return
    if not all(_is_installed(name) for name in _SDK):
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed: "
            "pip install 'integration-hub[otel]', or take the setting away."
        )
    sdk = import_module("integration_hub.monitoring.otel")
    tracing.enable(lambda: sdk.OtelTracer(endpoint))


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package above it
        return False
