"""Which values of one execution are hidden, and from whom (contract "Masking.").

The hub's own credential is masked for everyone, the calling token included. Values
named `sensitive`, and what its name calls a secret, are masked in everything that is
kept or shown to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
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


class Secrets:
    """The hub's own secrets of one run, with what searches for them: built once, kept nowhere."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.values = tuple(secrets)
        self._redactors: dict[tuple[str, ...], Redactor] = {}

    @cached_property
    def needles(self) -> Needles:
        return Needles(self.values)

    def redactor(self, hidden: tuple[str, ...] = ()) -> Redactor:
        """Masks these secrets, the `hidden` values, and what its name calls a secret."""
        found = self._redactors.get(hidden)
        if found is None:
            needles = None if hidden else self.needles
            found = Redactor((*self.values, *hidden), needles=needles)
            self._redactors[hidden] = found
        return found


NO_SECRETS = Secrets()


def parameters(value: Any, paths: Iterable[str], secrets: Secrets = NO_SECRETS) -> Any:
    """The parameters as they are kept."""
    hidden = sensitive_values(PARAMETERS, value, paths)
    return redactor_for(hidden, secrets).value(_at_paths(PARAMETERS, value, paths))


def result(
    value: Any, paths: Iterable[str], secrets: Secrets, hidden: tuple[str, ...] = ()
) -> Masked:
    """The result of a call; `hidden` are the sensitive values of its parameters."""
    shown = without(value, secrets)
    known = (*hidden, *sensitive_values(RESULT, shown, paths))
    return Masked(shown, redactor_for(known, secrets).value(_at_paths(RESULT, shown, paths)))


def redactor_for(hidden: tuple[str, ...], secrets: Secrets) -> Redactor:
    """A redactor of sensitive values too: those of one call are never kept for the next."""
    return Redactor(hidden) if hidden and secrets is NO_SECRETS else secrets.redactor(hidden)


def sensitive_values(name: str, value: Any, paths: Iterable[str]) -> tuple[str, ...]:
    """The values at the `sensitive` paths, as text: masked wherever else they turn up."""
    chosen = [path for path in paths if _starts(path, name)]
    if not chosen:
        return ()
    whole = {name: value}
    found = {str(item) for item in _differences(whole, sensitive_paths(whole, chosen))}
    return tuple(text for text in found if len(text) >= _SHORTEST)


def without(value: Any, secrets: Secrets) -> Any:
    """`value` with the hub's own secrets as `***`, in whatever form they were echoed."""
    numbers = frozenset(secret for secret in secrets.values if secret.isdigit())
    if not numbers and not secrets.needles.spans(jsonsafe.dumps_text(value)):
        return value
    return _replaced(value, secrets.needles, numbers)


def _at_paths(name: str, value: Any, paths: Iterable[str]) -> Any:
    chosen = [path for path in paths if _starts(path, name)]
    return sensitive_paths({name: value}, chosen)[name] if chosen else value


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
