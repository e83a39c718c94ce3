"""Masking: what leaves for a log, a table, an error or a page passes here.

A `Redactor` masks by name (`password`, `Authorization`) and by value: each secret
it was given, raw or URL-, form-, JSON-, HTML- or base64-encoded, nested too. It
gives copies and never touches what it was handed. Secrets live only in the
redactor, which lives only as long as the call: nothing here is cached by secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus

from integration_hub.lib import jsonsafe
from integration_hub.lib.redaction import paths as _paths
from integration_hub.lib.redaction import prose
from integration_hub.lib.redaction.decoding import Span
from integration_hub.lib.redaction.names import is_secret_name, words
from integration_hub.lib.redaction.needles import Needles

__all__ = ["MASK", "Redactor", "current", "is_secret_name", "registered", "sensitive_paths"]

MASK = "***"

_URL_NAMES = frozenset({"sig", "signature", "x-amz-signature", "x-goog-signature"})


class Redactor:
    """Masks `secrets` by value, and by name what is secret by convention or in `names`.

    With `by_name=False` only the values: for what its owner may see but for the hub's own.
    `needles`, if given, are those of these `secrets`, made before.
    """

    __slots__ = ("_by_name", "_names", "_needles", "_numbers", "_secret_name", "_stems")

    def __init__(
        self,
        secrets: Iterable[str] = (),
        names: Iterable[str] = (),
        *,
        by_name: bool = True,
        needles: Needles | None = None,
    ) -> None:
        known = frozenset(secret for secret in secrets if secret)
        self._needles = Needles(known) if needles is None else needles
        self._numbers = frozenset(s for s in known if len(s) >= 4 and s.isdigit())
        self._names = frozenset(words(name) for name in names)
        self._stems = tuple({name[-1] for name in self._names if name})
        self._by_name = by_name
        own_rule = self._names or not by_name
        self._secret_name: Callable[[str], bool] = self.is_secret if own_rule else is_secret_name

    def is_secret(self, name: str) -> bool:
        """Whether what stands under `name` is masked whatever it is."""
        return self._by_name and (is_secret_name(name) or words(name) in self._names)

    def value(self, value: Any) -> Any:
        """A masked copy of a JSON value; null, true and false under a secret name stay."""
        return self._copy(value, search=self._may_hide(value))

    def text(self, text: str, limit: int | None = None) -> str:
        """`text` masked, and only then cut to its first `limit` characters.

        At most a window a little over `limit` is looked at, so a huge body costs no
        more than what is kept of it.
        """
        if limit is not None and len(text) > limit:
            window = text[: limit + _MARGIN]
            return _cover(window, self._spans(window), limit) + "…"
        found = self._spans(text)
        return _cover(text, found, len(text)) if found else text

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """A masked copy of headers: by name whole, else what is secret in the value."""
        shown = {
            name: MASK if self._secret_name(name) else str(value) for name, value in headers.items()
        }
        # One search over them all: mostly there is nothing left to find.
        if not self._spans("\n".join((*shown, *shown.values()))):
            return shown
        return {self.text(name): self.text(value) for name, value in shown.items()}

    def url(self, url: str) -> str:
        """`url` with secret query parameters, userinfo and known values masked."""
        head, mark, rest = url.partition("?")
        if not mark:
            return self.text(url)
        query, hash_mark, fragment = rest.partition("#")
        pairs = "&".join(self._pair(pair) for pair in query.split("&"))
        return self.text(f"{head}?{pairs}{hash_mark}{fragment}")

    def _pair(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        if not value:
            return pair
        plain = unquote_plus(name)
        secret = self._secret_name(plain) or (self._by_name and plain.lower() in _URL_NAMES)
        return f"{name}{mark}{MASK if secret else value}"

    def _spans(self, text: str) -> list[Span]:
        found = self._needles.spans(text) if self._needles else []
        return found + prose.spans(text, self._secret_name, self._stems) if self._by_name else found

    def _may_hide(self, value: Any) -> bool:
        """Whether any string in `value` needs a look of its own: one search over them all."""
        if isinstance(value, str):
            return True
        if not isinstance(value, dict | list):
            return bool(self._numbers)
        if self._numbers:
            return True
        try:
            whole = jsonsafe.dumps_text(value)
        except (TypeError, ValueError):  # a lone surrogate, say: then leaf by leaf
            return True
        return bool(self._spans(whole))

    def _copy(self, value: Any, *, search: bool) -> Any:
        if isinstance(value, dict):
            return {
                self._key(key, search=search): (
                    MASK
                    if isinstance(key, str) and self._secret_name(key) and _can_hide(item)
                    else item
                    if item is None or (not search and type(item) in _SCALARS)
                    else self._copy(item, search=search)
                )
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._copy(item, search=search) for item in value]
        if not search or value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value)
        return MASK if str(value) in self._numbers else value

    def _key(self, key: Any, *, search: bool) -> Any:
        return self.text(key) if search and isinstance(key, str) else key


_SCALARS = (str, int, float, bool)

# An encoded secret that begins before the cut must be seen whole to be found.
_MARGIN = 16_384


def sensitive_paths(value: Any, paths: Iterable[str]) -> Any:
    """A copy of `value` with `***` at each of `paths` (contract §4 `sensitive`) that exists."""
    return _paths.masked(value, paths, MASK)


class _Scope:
    """The secrets that are in use here and now; their redactor is built when a line is logged."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self.secrets = secrets

    @cached_property
    def redactor(self) -> Redactor:
        return Redactor(self.secrets)

    def add(self, secrets: tuple[str, ...]) -> None:
        self.secrets += secrets
        self.__dict__.pop("redactor", None)


_NOTHING = _Scope(())
_scope: ContextVar[_Scope | None] = ContextVar("redaction", default=None)


@contextmanager
def registered(*secrets: str) -> Iterator[None]:
    """Mask `secrets` in every log line that is written inside, beside those already registered."""
    token = _scope.set(_Scope((_scope.get() or _NOTHING).secrets + secrets))
    try:
        yield
    finally:
        _scope.reset(token)


def learned(*secrets: str) -> None:
    """Mask these too until the innermost `registered` ends, also in threads that carry its
    context."""
    scope = _scope.get()
    if scope is not None:
        scope.add(secrets)


def current() -> Redactor:
    """The redactor of the secrets registered around the caller."""
    return (_scope.get() or _NOTHING).redactor


def _can_hide(value: Any) -> bool:
    return value is not None and not isinstance(value, bool) and value not in ("", {}, [])


def _cover(text: str, spans: list[Span], end: int) -> str:
    """`text` up to `end` with each span, joined where they overlap, replaced by the mask."""
    pieces: list[str] = []
    at = 0
    for start, stop in sorted(spans):
        if start >= end:
            break
        if start < at:
            at = max(at, stop)
            continue
        if start > at or not pieces:
            pieces.append(text[at:start])
            pieces.append(MASK)
        at = stop
    if at < end:
        pieces.append(text[at:end])
    return "".join(pieces)
