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
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import orjson

from integration_hub.lib import jsonplace

JSON = Any  # None | bool | int | float | str | list | dict, checked by the reader

MAX_DEPTH = 64
MAX_KEYS = 10_000
MAX_INTEGER_DIGITS = 4_000  # below CPython's own limit for int(), which raises a bare ValueError

# Times in UTC end in Z (RFC 3339), in every document that leaves the hub.
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z

_SURROGATE = re.compile("[\ud800-\udfff]")


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
    except _Unplaced as fault:
        raise _placed(fault, text) from None
    # Of bytes, which were UTF-8, only an escape can make one.
    if "\\u" in text or not (isinstance(raw, bytes) or text.isascii()):
        _check_surrogates(value, text)
    return value


def dumps(value: JSON) -> bytes:
    """Compact UTF-8 JSON; integers of any size. Raises TypeError for what JSON has not."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        # orjson cannot write integers above 64 bits; the standard library can.
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_as_orjson
        )
        return text.encode()


def dumps_text(value: JSON) -> str:
    return dumps(value).decode()


def _decode(raw: bytes) -> str:
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise JSONFault("not UTF-8", line, column) from None


def _as_orjson(value: Any) -> Any:
    """What orjson writes of itself, for the documents that it cannot write whole."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")


def _check_depth(text: str, max_depth: int) -> None:
    """Count brackets outside strings before the recursive parser sees the text."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    at = jsonplace.depth_exceeded(text, max_depth)
    if at is not None:
        raise JSONFault(
            f"nested deeper than {max_depth} levels", *jsonplace.line_and_column(text, at)
        )


class _Unplaced(Exception):
    """A hook refused something; `find` says where it stands in a text."""

    def __init__(self, detail: str, find: Callable[[str], int | None]) -> None:
        super().__init__(detail)
        self.detail, self.find = detail, find


def _placed(fault: _Unplaced, text: str) -> JSONFault:
    return JSONFault(fault.detail, *jsonplace.line_and_column(text, fault.find(text) or 0))


class _Reader:
    """The hooks of the standard library's parser."""

    def __init__(self, max_keys: int) -> None:
        self.max_keys = max_keys

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > self.max_keys:
            raise _Unplaced(f"an object with more than {self.max_keys} keys", self._find_too_many)
        found = dict(pairs)
        if len(found) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = next(key for key, count in counts.items() if count > 1)
            raise _Unplaced(
                f"duplicate key {twice[:80]!r}",
                lambda text: jsonplace.find_key(
                    text, lambda seen, name: name == twice and name in seen
                ),
            )
        return found

    def _find_too_many(self, text: str) -> int | None:
        return jsonplace.find_key(text, lambda seen, _: len(seen) >= self.max_keys)

    @staticmethod
    def constant(name: str) -> Any:
        raise _Unplaced(f"{name} is not JSON", lambda text: _find_word(text, name))

    @staticmethod
    def real(text: str) -> Any:
        number = float(text)
        if math.isinf(number):
            raise _Unplaced(
                f"number {text[:40]} is out of range", lambda whole: _find_word(whole, text)
            )
        return number

    @staticmethod
    def integer(text: str) -> Any:
        if len(text) > MAX_INTEGER_DIGITS:
            raise _Unplaced(
                f"integer with more than {MAX_INTEGER_DIGITS} digits",
                lambda whole: _find_word(whole, text),
            )
        return int(text)


def _find_word(text: str, word: str) -> int | None:
    return jsonplace.find_literal(text, lambda found: found == word)


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


def _check_surrogates(value: JSON, text: str) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if _SURROGATE.search(item):
                at = jsonplace.find_string(text, lambda found: bool(_SURROGATE.search(found)))
                raise JSONFault(
                    "a lone surrogate in a string", *jsonplace.line_and_column(text, at or 0)
                )
        elif isinstance(item, Mapping):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
