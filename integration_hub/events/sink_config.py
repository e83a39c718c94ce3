"""A sink's config: the secret fields sealed, the others in the open; declared by its plug-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.events.models import EventSink
from integration_hub.events.sink import Sink
from integration_hub.lib import jsonsafe
from integration_hub.lib.redact import MASK
from integration_hub.sealing.field import seal


def open_config(sink: EventSink) -> Mapping[str, Any]:
    """The whole config, secrets included: for the moment of a delivery. Raises CannotOpen."""
    return {**public_config(sink), **_secrets(sink)}


def public_config(sink: EventSink) -> dict[str, Any]:
    found: dict[str, Any] = jsonsafe.loads(sink.config)
    return found


def shown_config(sink: EventSink, plugin: Sink) -> dict[str, Any]:
    """For people: a secret that is set is `***`."""
    masked = {name: MASK for name in secret_names(plugin) if sink.secret is not None}
    return {**public_config(sink), **masked}


def store_config(sink: EventSink, plugin: Sink, config: Mapping[str, Any]) -> None:
    """Put a checked config on the row, unsaved. A secret sent as `***` stays what it was."""
    names = secret_names(plugin)
    sink.config = jsonsafe.dumps_text({k: v for k, v in config.items() if k not in names})
    given = {name: config[name] for name in names if name in config}
    if any(value == MASK for value in given.values()):
        kept = _secrets(sink)
        given = {name: kept.get(name) if v == MASK else v for name, v in given.items()}
    secrets = {name: value for name, value in given.items() if value is not None}
    sink.secret = seal(sink, "secret", jsonsafe.dumps_text(secrets)) if secrets else None


def secret_names(plugin: Sink) -> frozenset[str]:
    return frozenset(field.name for field in plugin.fields if field.secret)


def _secrets(sink: EventSink) -> dict[str, Any]:
    if sink.secret is None:
        return {}
    found: dict[str, Any] = jsonsafe.loads(sink.secret.open(sink))
    return found
