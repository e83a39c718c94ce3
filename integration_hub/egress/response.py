"""The head of an answer, read strictly and bounded (RFC 9112).

The standard library's reader takes 64 KiB lines, endless interim answers, a 103
as the final one, and hides what follows a malformed line; ours refuses.
"""

from __future__ import annotations

import http.client
import re

from integration_hub.lib.errors import ConnectionFailed, ResponseInvalid, ResponseTooLarge

MAX_HEADERS = 100
MAX_VALUE = 8 * 1024
MAX_LINE = MAX_VALUE + 512  # the name and the line's end beside the value
MAX_INTERIM = 16  # 100 Continue, 103 Early Hints and the like before the answer

_STATUS = re.compile(rb"HTTP/1\.([0-9]) ([1-5][0-9][0-9])(?: ([^\r\n]*))?\r?\n")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:([^\r\n\0]*)\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}")


class BoundedResponse(http.client.HTTPResponse):
    """An answer whose head kept the rules. `fields` has lower-case names, repeats joined."""

    fields: dict[str, str]

    def begin(self) -> None:
        """Read up to the body. Raises ResponseInvalid, ResponseTooLarge, ConnectionFailed."""
        for _ in range(MAX_INTERIM):
            minor, status, reason = self._read_status_line()
            fields = self._read_fields()
            if status >= 200:
                break
            if status == 101:
                raise ResponseInvalid("The external system switched protocols unasked.")
        else:
            raise ResponseInvalid(f"More than {MAX_INTERIM} interim answers came first.")
        self.version = 11 if minor else 10
        self.code = self.status = status
        self.reason = reason
        self.fields = fields
        self.headers = self.msg = http.client.HTTPMessage()
        self._frame(fields)

    def _line(self, begins: bytes = b"") -> bytes:
        line = self.fp.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise ResponseTooLarge(f"A header of the answer is longer than {MAX_VALUE} bytes.")
        cut_off = line and not line.endswith(b"\n")
        if cut_off and line[: len(begins)] == begins[: len(line)]:
            raise ConnectionFailed("The connection was closed inside the answer's headers.")
        return line

    def _read_status_line(self) -> tuple[int, int, str]:
        line = self._line(begins=b"HTTP/1.")
        if not line:
            raise ConnectionFailed("The connection was closed before an answer came.")
        found = _STATUS.fullmatch(line)
        if found is None:
            raise ResponseInvalid("The answer is not HTTP/1.1: its status line is malformed.")
        return int(found[1]), int(found[2]), _text(found[3] or b"").strip()

    def _read_fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        name = ""
        for _ in range(MAX_HEADERS + 1):
            line = self._line()
            if line in (b"\r\n", b"\n"):
                return fields
            if not line:
                raise ConnectionFailed("The connection was closed inside the answer's headers.")
            name = _add_field(fields, name, line)
        raise ResponseTooLarge(f"The answer has more than {MAX_HEADERS} headers.")

    def _frame(self, fields: dict[str, str]) -> None:
        """Where the body ends (RFC 9112 §6.3); what could be read two ways is refused."""
        coding = fields.get("transfer-encoding", "").lower()
        if coding not in ("", "chunked", "identity"):
            raise ResponseInvalid("The answer has a transfer coding other than chunked.")
        length = _length(fields.get("content-length"))
        bodiless = self.status in (204, 304) or self._method == "HEAD"  # type: ignore[attr-defined]  # set by http.client
        self.chunked = coding == "chunked" and not bodiless
        self.chunk_left = None
        self.length = 0 if bodiless else None if self.chunked else length
        tokens = {part.strip() for part in fields.get("connection", "").lower().split(",")}
        kept = "keep-alive" in tokens if self.version == 10 else "close" not in tokens
        ambiguous = bool(coding) and length is not None
        endless = self.length is None and not self.chunked
        self.will_close = not kept or ambiguous or endless


def _add_field(fields: dict[str, str], last: str, line: bytes) -> str:
    """Take one line into `fields`; returns the name that a folded line would continue."""
    if line[:1] in b" \t" and last:
        fields[last] = f"{fields[last]} {_text(line.strip())}".strip()
        _check_value(fields[last])
        return last
    found = _FIELD.fullmatch(line)
    if found is None:
        raise ResponseInvalid("The answer has a malformed header.")
    name, value = found[1].decode("ascii").lower(), _text(found[2].strip(b" \t"))
    fields[name] = f"{fields[name]}, {value}" if name in fields else value
    _check_value(value)
    return name


def _check_value(value: str) -> None:
    if len(value) > MAX_VALUE:
        raise ResponseTooLarge(f"A header of the answer is longer than {MAX_VALUE} bytes.")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _length(value: str | None) -> int | None:
    """Content-Length; the same number repeated is one number."""
    if value is None:
        return None
    said = {part.strip() for part in value.split(",")}
    number = said.pop()
    if said or not _LENGTH.fullmatch(number):
        raise ResponseInvalid("The answer's Content-Length is not one number.")
    return int(number)
