"""A sink's config: the secret fields sealed, the others in the open; declared by its plug-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.events import callbacks
from integration_hub.events.models import EventSink
from integration_hub.events.sink import Sink, sinks
from integration_hub.lib import jsonsafe, redact
from integration_hub.lib.redact import MASK
from integration_hub.sealing.field import seal


def open_config(sink: EventSink) -> Mapping[str, Any]:
    """The whole config, secrets included: for the moment of a delivery. Raises CannotOpen."""
    if sink.owner:
        return callbacks.config_of(sink)
    return {**public_config(sink), **_secrets(sink)}


def public_config(sink: EventSink) -> dict[str, Any]:
    """What is not secret; where a secret is set it says `***`."""
    found: dict[str, Any] = jsonsafe.loads(sink.config)
    return found


def whole_config(sink: EventSink, plugin: Sink, config: Mapping[str, Any]) -> dict[str, Any]:
    """A checked config with every secret in it; one sent as `***` is what it was."""
    names = secret_names(plugin)
    masked = {name for name in names if config.get(name) == MASK}
    kept = _secrets(sink) if masked else {}
    found = {n: kept.get(n) if n in masked else value for n, value in config.items()}
    return {name: value for name, value in found.items() if value is not None}


def store_config(sink: EventSink, plugin: Sink, config: Mapping[str, Any]) -> None:
    """Put a whole config on the row, unsaved: its secrets sealed."""
    names = secret_names(plugin)
    shown = {name: MASK if name in names else value for name, value in config.items()}
    sink.config = jsonsafe.dumps_text(shown)
    secrets = {name: config[name] for name in names if name in config}
    sink.secret = seal(sink, "secret", jsonsafe.dumps_text(secrets)) if secrets else None


def to_check(plugin: Sink, config: Mapping[str, Any]) -> dict[str, Any]:
    """What the schema of the fields can judge: `***` is a text, whatever the secret is."""
    kept = {f.name for f in plugin.fields if f.secret and f.kind not in ("string", "text")}
    return {k: value for k, value in config.items() if not (k in kept and value == MASK)}


def secret_names(plugin: Sink) -> frozenset[str]:
    return frozenset(field.name for field in plugin.fields if field.secret)


def _secrets(sink: EventSink) -> dict[str, Any]:
    if sink.secret is None:
        return {}
    found: dict[str, Any] = jsonsafe.loads(sink.secret.open(sink))
    return found


def redactor_of(sink: EventSink, config: Mapping[str, Any]) -> redact.Redactor:
    """Masks the secrets of this sink, whoever repeats them."""
    names = {field.name for field in sinks.get(sink.type).fields if field.secret}
    return redact.Redactor(secrets=[text for name in names for text in _texts(config.get(name))])


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    return [str(value)] if value else []
