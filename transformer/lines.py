"""Bytes of a stream as bounded lines, or as blocks of text, in whatever character set."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import IO, cast

from integration_hub.lib.errors import TransformFailed
from transformer.faults import parse_failed, row_fault
from transformer.format import Row
from transformer.media import character_set, mark_of

MAX_LINE = 4 * 1024 * 1024
BLOCK = 1 << 16


def lines_of(source: IO[bytes], charset: str | None) -> Iterator[tuple[int, bytes | None]]:
    """Each line's number and its bytes as UTF-8, the end included; None for one over MAX_LINE.

    A line of UTF-8 may hold wrong bytes: who reads it tells. In another character set a wrong
    byte raises TransformFailed, and the stream ends.
    """
    reader, name = _opened(source, charset)
    number = 0
    if name != "utf-8":
        reader = cast(IO[bytes], _Recoded(reader, name))
    while line := reader.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = reader.readline(BLOCK)
            yield number, None
        else:
            yield number, line


def text_blocks(source: IO[bytes], charset: str | None) -> Iterator[str]:
    """The characters, block by block. Raises TransformFailed at the first wrong byte."""
    reader, name = _opened(source, charset)
    decoder = codecs.getincrementaldecoder(name)("strict")
    line = 1
    while True:
        block = reader.read(BLOCK)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise _wrong_byte(name, line + error.object.count(b"\n", 0, error.start)) from None
        line += text.count("\n")
        if text:
            yield text
        if not block:
            return


def too_long(number: int) -> Row:
    said = f"Not accepted: a line of more than {MAX_LINE >> 20} MiB (line {number})."
    return Row(number, None, (row_fault(said, code="LIMIT_SIZE", line=number),))


def _opened(source: IO[bytes], charset: str | None) -> tuple[IO[bytes], str]:
    """The bytes after a byte order mark, and the character set's name."""
    reader = source if hasattr(source, "peek") else io.BufferedReader(cast(io.RawIOBase, source))
    mark, marked = mark_of(cast(io.BufferedReader, reader).peek(4)[:4])
    reader.read(len(mark))
    return reader, character_set(marked or charset or "utf-8")


class _Recoded:
    """Lines of another character set, as UTF-8."""

    def __init__(self, source: IO[bytes], name: str) -> None:
        self._text = io.TextIOWrapper(source, encoding=name, errors="strict", newline="\n")
        self._name, self._line = name, 0

    def readline(self, most: int) -> bytes:
        try:
            line = self._text.readline(most)
        except UnicodeDecodeError:
            raise _wrong_byte(self._name, self._line + 1) from None
        self._line += line.endswith("\n")
        return line.encode()


def _wrong_byte(name: str, line: int) -> TransformFailed:
    return parse_failed(f"Not {name}: wrong byte (about line {line}).", line=line, expected=name)
