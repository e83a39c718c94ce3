"""Content types and character sets: what bytes say that they are."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache

from transformer.faults import parse_failed

MAX_HEADER = 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Python's own codecs that are no character sets, and one that hides ASCII.
_NO_CHARSETS = frozenset(
    {"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs"}
)


@dataclass(frozen=True, slots=True)
class MediaType:
    """`essence` is lower-case and without parameters; "" where none was given."""

    essence: str
    charset: str | None = None


@lru_cache(maxsize=1024)
def parse(content_type: str) -> MediaType:
    header = content_type.strip()[:MAX_HEADER]
    if not header:
        return MediaType("")
    message = Message()
    message["Content-Type"] = header.replace("\r", " ").replace("\n", " ")
    charset = message.get_param("charset")
    essence = header.partition(";")[0].strip().lower()
    return MediaType(essence, charset.strip() if isinstance(charset, str) and charset else None)


def to_text(raw: bytes, charset: str | None) -> str:
    """The characters, without a byte order mark, which outranks `charset`; default UTF-8.

    Raises TransformFailed with the place of the first wrong byte.
    """
    mark, marked = mark_of(raw)
    return _decode(raw[len(mark) :], marked or charset or "utf-8", len(mark))


def mark_of(raw: bytes) -> tuple[bytes, str | None]:
    """The byte order mark at the start and the character set that it says; b"" and None."""
    return next(((mark, name) for mark, name in _BOMS if raw.startswith(mark)), (b"", None))


def character_set(charset: str) -> str:
    """Python's name of it. Raises TransformFailed for what is none."""
    try:
        codec = codecs.lookup(charset)
    except (LookupError, UnicodeError, ValueError):
        raise parse_failed(f"The character set {charset[:40]!r} is unknown.") from None
    if codec.name.replace("_", "-") in _NO_CHARSETS or not getattr(
        codec, "_is_text_encoding", True
    ):
        raise parse_failed(f"{charset[:40]!r} is not a character set.")
    return codec.name


def _decode(raw: bytes, charset: str, skipped: int) -> str:
    codec = codecs.lookup(character_set(charset))
    try:
        return codec.decode(raw, "strict")[0]
    except UnicodeDecodeError as error:
        line, column = raw.count(b"\n", 0, error.start) + 1, _column(raw, error.start)
        raise parse_failed(
            f"Not {charset}: wrong byte at offset {error.start + skipped}"
            f" (line {line}, column {column}).",
            line=line,
            column=column,
            expected=charset,
        ) from None


def _column(raw: bytes, offset: int) -> int:
    return offset - raw.rfind(b"\n", 0, offset)
