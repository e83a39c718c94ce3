"""Which values of one execution are hidden, and from whom (contract "Masking.").

The hub's own credential is masked for everyone, the calling token included. Values
named `sensitive`, and what its name calls a secret, are masked in everything that is
kept or shown to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.redact import MASK, Redactor, sensitive_paths
from integration_hub.lib.redaction.needles import Needles

PARAMETERS, RESULT = "parameters", "result"
_SHORTEST = 3  # a sensitive value of fewer characters is masked at its path only


@dataclass(frozen=True, slots=True)
class Masked:
    """`shown` for the calling token, `kept` for everyone else."""

    shown: Any
    kept: Any


def parameters(value: Any, paths: Iterable[str], secrets: Iterable[str]) -> Masked:
    return _masked(PARAMETERS, value, tuple(paths), secrets)


def result(value: Any, paths: Iterable[str], secrets: Iterable[str]) -> Masked:
    """The result of a call; `secrets` are the hub's own."""
    return _masked(RESULT, without(value, secrets), tuple(paths), secrets)


def sensitive_values(name: str, value: Any, paths: Iterable[str]) -> tuple[str, ...]:
    """The values at the `sensitive` paths, as text: masked wherever else they turn up."""
    chosen = [path for path in paths if _starts(path, name)]
    if not chosen:
        return ()
    whole = {name: value}
    found = {str(item) for item in _differences(whole, sensitive_paths(whole, chosen))}
    return tuple(text for text in found if len(text) >= _SHORTEST)


def without(value: Any, secrets: Iterable[str]) -> Any:
    """`value` with the hub's own secrets as `***`, in whatever form they were echoed."""
    known = frozenset(secret for secret in secrets if secret)
    needles = Needles(known)
    numbers = frozenset(secret for secret in known if secret.isdigit())
    if not numbers and not needles.spans(jsonsafe.dumps_text(value)):
        return value
    return _replaced(value, needles, numbers)


def _masked(name: str, value: Any, paths: tuple[str, ...], secrets: Iterable[str]) -> Masked:
    hidden = sensitive_values(name, value, paths)
    kept = value
    if any(_starts(path, name) for path in paths):
        kept = sensitive_paths({name: value}, [p for p in paths if _starts(p, name)])[name]
    return Masked(value, Redactor((*secrets, *hidden)).value(kept))


def _starts(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}["))


def _differences(value: Any, masked: Any) -> Iterator[Any]:
    """Every scalar of `value` that `masked` no longer has."""
    if masked == MASK and value != MASK:
        yield from _scalars(value)
    elif isinstance(value, dict) and isinstance(masked, dict):
        for key, item in value.items():
            yield from _differences(item, masked.get(key))
    elif isinstance(value, list) and isinstance(masked, list):
        for item, other in zip(value, masked, strict=False):
            yield from _differences(item, other)


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif value is not None and not isinstance(value, bool):
        yield value


def _replaced(value: Any, needles: Needles, numbers: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            _replaced(key, needles, numbers): _replaced(item, needles, numbers)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_replaced(item, needles, numbers) for item in value]
    if isinstance(value, str):
        return _covered(value, needles)
    if numbers and not isinstance(value, bool) and str(value) in numbers:
        return MASK
    return value


def _covered(text: str, needles: Needles) -> str:
    """`text` with every span replaced; spans that overlap become one mask."""
    pieces: list[str] = []
    at = 0
    for start, stop in sorted(needles.spans(text)):
        if start >= at:
            pieces += (text[at:start], MASK)
        at = max(at, stop)
    return "".join((*pieces, text[at:]))
