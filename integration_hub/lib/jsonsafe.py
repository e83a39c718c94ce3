"""The one strict JSON reader, and the one writer.

Reads RFC 8259 narrowed by RFC 7493 (I-JSON): no NaN or Infinity, no duplicate
keys, no lone surrogates, no floats that overflow; integers keep every digit.
Depth and keys are bounded (contract §10). Every fault names line and column.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson

JSON = Any  # None | bool | int | float | str | list | dict, checked by the reader

MAX_DEPTH = 64
MAX_KEYS = 10_000
MAX_INTEGER_DIGITS = 4_000  # below CPython's own limit for int(), which raises a bare ValueError

_SURROGATE = re.compile("[\ud800-\udfff]")
# Strings are consumed whole, so that a bracket inside one never counts.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class JSONFault(ValueError):
    """The text is not acceptable JSON; `line` and `column` count from 1."""

    def __init__(self, detail: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{detail} (line {line}, column {column})")
        self.detail, self.line, self.column = detail, line, column


def loads(raw: bytes | str, *, max_depth: int = MAX_DEPTH, max_keys: int = MAX_KEYS) -> JSON:
    """Parse one JSON text. Raises JSONFault."""
    text = _decode(raw) if isinstance(raw, bytes) else raw
    _check_depth(text, max_depth)
    try:
        value = _decoder(max_keys).decode(text)
    except json.JSONDecodeError as error:
        raise JSONFault(error.msg, error.lineno, error.colno) from None
    if "\\u" in text or not text.isascii():
        _check_surrogates(value)
    return value


def dumps(value: JSON) -> bytes:
    """Compact UTF-8 JSON; integers of any size."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # orjson cannot write integers above 64 bits; the standard library can.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def dumps_text(value: JSON) -> str:
    return dumps(value).decode()


def _decode(raw: bytes) -> str:
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise JSONFault("not UTF-8", line, column) from None


def _check_depth(text: str, max_depth: int) -> None:
    """Count brackets outside strings before the recursive parser sees the text."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for match in _TOKENS.finditer(text.encode("utf-8", "surrogatepass")):
        first = match.group()[:1]
        if first in b"[{":
            depth += 1
            if depth > max_depth:
                raise JSONFault(f"nested deeper than {max_depth} levels")
        elif first in b"]}":
            depth -= 1


class _Reader:
    """The hooks of the standard library's parser."""

    def __init__(self, max_keys: int) -> None:
        self.max_keys = max_keys

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > self.max_keys:
            raise JSONFault(f"an object with more than {self.max_keys} keys")
        found = dict(pairs)
        if len(found) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = next(key for key, count in counts.items() if count > 1)
            raise JSONFault(f"duplicate key {twice[:80]!r}")
        return found

    @staticmethod
    def constant(name: str) -> Any:
        raise JSONFault(f"{name} is not JSON")

    @staticmethod
    def real(text: str) -> Any:
        number = float(text)
        if math.isinf(number):
            raise JSONFault(f"number {text[:40]} is out of range")
        return number

    @staticmethod
    def integer(text: str) -> Any:
        if len(text) > MAX_INTEGER_DIGITS:
            raise JSONFault(f"integer with more than {MAX_INTEGER_DIGITS} digits")
        return int(text)


def _make_decoder(max_keys: int) -> json.JSONDecoder:
    reader = _Reader(max_keys)
    return json.JSONDecoder(
        object_pairs_hook=reader.pairs,
        parse_constant=reader.constant,
        parse_float=reader.real,
        parse_int=reader.integer,
    )


_DEFAULT = _make_decoder(MAX_KEYS)


def _decoder(max_keys: int) -> json.JSONDecoder:
    return _DEFAULT if max_keys == MAX_KEYS else _make_decoder(max_keys)


def _check_surrogates(value: JSON) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if _SURROGATE.search(item):
                raise JSONFault("a lone surrogate in a string")
        elif isinstance(item, Mapping):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
