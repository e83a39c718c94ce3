"""The forms in which a known secret may stand in a text, and where they do.

URL, form, JSON and HTML escapes are undone by `decoding`; what is left to look for
is the value itself, its hexadecimal and its base64 at each of the three alignments.
Plain substring search: ten needles in 1 KB take about a microsecond, a compiled
alternation of them six.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from integration_hub.lib.redaction.decoding import Layer, Span, innermost, layers

MIN_LENGTH = 4  # shorter values would ruin every text
WHOLE_TOKEN_BELOW = 8  # `test` is masked in `key=test`, not in `latest`
_MIN_HEX = 8

_RUN = re.compile(r"[A-Za-z0-9+/_\-]*={0,2}")
_RUN_BACK = re.compile(r"[A-Za-z0-9+/_\-]*")


class Needles:
    """What to look for, by the rule under which it counts."""

    __slots__ = ("_encoded", "_plain", "_tokens")

    def __init__(self, secrets: Iterable[str]) -> None:
        plain: set[str] = set()
        tokens: set[str] = set()
        encoded: set[str] = set()
        for secret in secrets:
            if len(secret) < MIN_LENGTH:
                continue
            forms = {secret, secret.replace(" ", "+"), innermost(secret)}
            short = len(secret) < WHOLE_TOKEN_BELOW
            (tokens if short else plain).update(forms)
            encoded |= _base64_forms(secret)
            if not short:
                raw = secret.encode("utf-8", "replace").hex()
                plain |= {raw, raw.upper()}
        self._plain = tuple(plain)
        self._tokens = tuple(tokens)
        self._encoded = tuple(encoded)

    def __bool__(self) -> bool:
        return bool(self._plain or self._tokens)

    def spans(self, text: str) -> list[Span]:
        """Every place of `text` that holds a secret in any form; may overlap."""
        found = list(self._search(text))
        above: list[Layer] = []
        for layer in layers(text):
            above.append(layer)
            for span in self._search(layer.text):
                for outer in reversed(above):
                    span = outer.outward(span)  # noqa: PLW2901 - one step out a turn
                found.append(span)
        return found

    def _search(self, text: str) -> Iterator[Span]:
        for needle in self._plain:
            if needle in text:
                yield from _all(text, needle)
        for needle in self._tokens:
            if needle in text:
                yield from (span for span in _all(text, needle) if _stands_alone(text, span))
        for needle in self._encoded:
            if needle in text:
                yield from (_whole_run(text, span) for span in _all(text, needle))


def _all(text: str, needle: str) -> Iterator[Span]:
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + 1)


def _stands_alone(text: str, span: Span) -> bool:
    before = text[span[0] - 1] if span[0] else " "
    after = text[span[1]] if span[1] < len(text) else " "
    return not (_is_word(before) or _is_word(after))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _whole_run(text: str, span: Span) -> Span:
    """The base64 text around the part that is certain: its edges share bits with the secret."""
    start = span[0]
    while start and _RUN_BACK.fullmatch(text[start - 1]):
        start -= 1
    end = _RUN.match(text, span[1])
    return start, end.end() if end else span[1]


def _base64_forms(secret: str) -> set[str]:
    """The characters that stand in any base64 text over this secret, wherever it begins."""
    texts = {secret}
    if not secret.isalnum():
        texts |= {quote(secret, safe=""), json.dumps(secret)[1:-1]}
    found: set[str] = set()
    for text in texts:
        raw = text.encode("utf-8", "replace")
        for lead in range(3):
            whole = b64encode(b"\x00" * lead + raw).decode()
            core = whole[-(-8 * lead // 6) : 8 * (lead + len(raw)) // 6]
            found |= {core, core.translate(_URL_SAFE)}
    return {core for core in found if len(core) >= MIN_LENGTH}


_URL_SAFE = str.maketrans("+/", "-_")
