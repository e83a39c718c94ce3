"""Secrets that a text itself announces: `"password": "…"`, `token=…`, `Authorization: …`.

Each search is behind a cheap test for what it needs, so that ordinary text costs
a lower-case copy and a dozen substring searches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from integration_hub.lib.redaction.decoding import Span

# Every secret name holds one of these; its last words decide (see `names`).
_STEMS = (
    "pass", "pwd", "secret", "token", "key", "auth", "cookie", "credential", "assertion", "otp",
    "jwt", "verifier",
)  # fmt: skip
_SCHEMES = ("bearer ", "basic ")

_NAMED = re.compile(
    r"(?P<name>[A-Za-z][\w.\-\[\]]{1,63})"
    r"(?P<quote>\\*[\"'])?(?P<gap>\s{0,4}(?:=>|:|=)\s{0,4})(?P<open>\\*[\"'])?"
)
_NAME_BACK = 64
_BARE = re.compile(r"[^\s&;,\"'<>(){}\[\]\\]+")
_LINE = re.compile(r"[^\r\n\"'\\]+")
_ELEMENT = re.compile(r"(?P<name>[A-Za-z_][\w.\-]{1,63})(?:\s[^<>]{0,500})?>(?P<value>[^<>]+)</")
_TOKEN = re.compile(r"\s{0,4}([A-Za-z0-9._~+/\-]{8,}={0,2})(?![\w=])")
_USERINFO = re.compile(r"://[^/\s:@]{0,256}:([^/\s@]{1,512})@")
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_PEM_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z")
_JWT = re.compile(r"\beyJ[\w\-]{8,}\.eyJ[\w\-]{4,}\.[\w\-]*")

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_NOTHING = frozenset({"null", "none", "true", "false"})
_WHOLE_LINE = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


def spans(text: str, is_secret: Callable[[str], bool], stems: Iterable[str] = ()) -> list[Span]:
    """Every place of `text` that says of itself that it is secret.

    `stems` are lower-case words beside the usual ones that a secret name may end with.
    """
    found: list[Span] = []
    if "eyJ" in text:
        found += [match.span() for match in _JWT.finditer(text)]
    if "PRIVATE KEY-----" in text:
        found += _private_keys(text)
    if "://" in text and "@" in text:
        found += [match.span(1) for match in _USERINFO.finditer(text)]
    lowered = _lower(text)
    for stem in (*_STEMS, *stems):
        if stem in lowered:
            found += _named(text, lowered, stem, is_secret)
    for scheme in _SCHEMES:
        if scheme in lowered:
            found += _schemed(text, lowered, scheme)
    return found


def _private_keys(text: str) -> Iterator[Span]:
    begin = _PEM_BEGIN.search(text)
    while begin:
        end = _PEM_END.search(text, begin.end())
        stop = end.end() if end else len(text)
        yield begin.start(), stop
        begin = _PEM_BEGIN.search(text, stop)


def _lower(text: str) -> str:
    """Lower case with every character at its place (`İ` alone would become two)."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


def _places(text: str, needle: str) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + len(needle))


def _named(text: str, lowered: str, stem: str, is_secret: Callable[[str], bool]) -> Iterator[Span]:
    for place in _places(lowered, stem):
        start = _name_start(text, place)
        match = _NAMED.match(text, start)
        if match and is_secret(match["name"]):
            span = _value_span(text, match)
            if span and span[0] < span[1]:
                yield span
        elif text[start - 1 : start] == "<":
            element = _ELEMENT.match(text, start)
            if element and is_secret(element["name"]):
                yield element.span("value")


def _name_start(text: str, place: int) -> int:
    start = place
    while (
        start
        and place - start < _NAME_BACK
        and (text[start - 1].isalnum() or text[start - 1] in "_-.[]")
    ):
        start -= 1
    while start < place and not text[start].isalpha():
        start += 1
    return start


def _schemed(text: str, lowered: str, scheme: str) -> Iterator[Span]:
    """`Bearer abc1…`: what follows, if it is no ordinary word."""
    for place in _places(lowered, scheme):
        match = _TOKEN.match(text, place + len(scheme))
        if match and _looks_random(match[1]):
            yield match.span(1)


def _value_span(text: str, match: re.Match[str]) -> Span | None:
    """Where the value behind a secret's name stands; None when it is only prose."""
    start = match.end()
    opening = match["open"]
    if opening:
        return start, _closing(text, opening, start)
    name = match["name"].lower()
    if name in _WHOLE_LINE and ":" in match["gap"]:
        return _until(_LINE, text, start)
    span = _until(_BARE, text, start)
    if span is None or text[span[0] : span[1]].lower() in _NOTHING:
        return None
    if match["quote"] or match["gap"] == "=":
        return span
    if match["gap"] == ":" and _UUID.fullmatch(text, *span):
        return None  # `token:0192…` is how the hub itself names a caller
    # `client_secret: x` is data; `password: too short` is a sentence.
    is_identifier = "_" in name or "-" in name
    return span if is_identifier or _looks_random(text[span[0] : span[1]]) else None


def _until(pattern: re.Pattern[str], text: str, start: int) -> Span | None:
    match = pattern.match(text, start)
    return match.span() if match else None


def _closing(text: str, opening: str, start: int) -> int:
    """The end of a quoted value, at the depth of escaping at which it was opened.

    A quote inside carries more backslashes; backslashes of the value itself come in
    steps of twice as many as one depth has.
    """
    depth = len(opening) - 1
    at = text.find(opening[-1], start)
    while at >= 0:
        run = at
        while run > start and text[run - 1] == "\\":
            run -= 1
        if (at - run) % (2 * depth + 2) == depth:
            return at - depth
        at = text.find(opening[-1], at + 1)
    return len(text)


def _looks_random(value: str) -> bool:
    """A token rather than a word: a digit, `=`, or capitals inside."""
    if len(value) < 6:
        return False
    return any(c.isdigit() or c == "=" for c in value) or (
        value != value.lower() and value[1:] != value[1:].lower() and value != value.upper()
    )
