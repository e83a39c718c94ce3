"""UN/EDIFACT interchanges (ISO 9735, syntax versions 1 to 4), read.

    {"interchanges": [{"header": {"tag": "UNB", "elements": […]},
      "messages": [{"type": "ORDERS", "reference": "1", "segments": [{"tag": "BGM", …}]}]}]}

UNA, UNH, UNT, UNZ and groups (UNG, UNE) are checked and do not show, but for UNH, which is the
first of a message's segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.faults import encode_failed, parse_failed, parse_failures
from transformer.format import Format, formats
from transformer.formats.edi import (
    Findings,
    Marks,
    Segment,
    check_count,
    check_reference,
    read_segments,
)
from transformer.media import to_text

CHECK = Field(
    "check",
    "boolean",
    required=False,
    default=True,
    help="Counts and references at the end of an envelope must fit its beginning.",
)
# By the syntax identifier of UNB (ISO 9735, annex A); those left out are parts of ASCII.
_CHARSETS = {
    b"UNOC": "iso-8859-1",
    b"UNOD": "iso-8859-2",
    b"UNOE": "iso-8859-5",
    b"UNOF": "iso-8859-7",
}
_MARKS = Marks(component=":", element="+", terminator="'", release="?")


@formats.register("edifact")
class EDIFACTFormat(Format):
    name = "edifact"
    writable = False
    media_types = ("application/edifact",)
    unasked = False
    fields = (CHECK,)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        text = to_text(raw, charset or _charset(raw))
        start = len(text) - len(text.lstrip())
        text, line = text[start:], 1 + text.count("\n", 0, start)
        if not text:
            return None
        marks, number = _MARKS, 0
        if text.startswith("UNA"):
            marks, number = _marks(text), 1
            line += text.count("\n", 0, 9)
            text = text[9:]
        elif text.startswith("UNB+UNO") and text[8:10] == ":4":
            marks = Marks(":", "+", "'", "?", "*")
        reading = _Reading(check=options.get("check", True))
        for segment in read_segments(text, marks, number, line):
            reading.take(segment)
        return reading.result()

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        raise encode_failed("", "EDIFACT can be read here but not written")


def _charset(raw: bytes) -> str | None:
    at = raw.find(b"UNB", 0, 200)
    return _CHARSETS.get(raw[at + 4 : at + 8]) if at >= 0 else None


def _marks(text: str) -> Marks:
    """Those that UNA says: component, element, decimal mark, release, repetition, terminator."""
    component, element, _, release, repetition, terminator = list(text[3:9].ljust(6))
    said = [component, element, terminator, *(release + repetition).replace(" ", "")]
    if len(set(said)) < len(said) or " " in said:
        raise parse_failed("UNA does not say characters that differ (segment 1).", line=1)
    return Marks(component, element, terminator, release.strip(), repetition.strip())


class _Reading:
    """The interchanges so far, and what is open."""

    def __init__(self, *, check: bool) -> None:
        self._check = check
        self._findings = Findings()
        self._interchanges: list[dict[str, Any]] = []
        self._header: Segment | None = None
        self._group: Segment | None = None
        self._groups = self._in_group = 0
        self._message: tuple[Segment, list[Any]] | None = None

    def take(self, segment: Segment) -> None:
        handler = getattr(self, f"_{segment.tag.lower()}", None)
        if segment.tag in ("UNB", "UNG", "UNH", "UNT", "UNE", "UNZ") and handler is not None:
            handler(segment)
        elif self._message is None:
            self._findings.say(segment, "A segment outside of a message")
        else:
            self._message[1].append(segment.as_dict())

    def result(self) -> dict[str, Any]:
        opened = self._message[0] if self._message else self._group or self._header
        if opened is not None:
            self._findings.say(opened, f"What {opened.tag} begins has no end")
        if not self._interchanges and not self._findings.faults:
            raise parse_failed("Not EDIFACT: there is no UNB (segment 1).", line=1, expected="UNB")
        if self._findings.faults:
            raise parse_failures(self._findings.faults)
        return {"interchanges": self._interchanges}

    def _unb(self, segment: Segment) -> None:
        if self._header is not None:
            self._findings.say(segment, "An interchange begins inside another")
        self._header, self._groups, self._message, self._group = segment, 0, None, None
        self._interchanges.append({"header": segment.as_dict(), "messages": []})

    def _ung(self, segment: Segment) -> None:
        self._group, self._in_group = segment, 0
        self._groups += 1

    def _unh(self, segment: Segment) -> None:
        if self._header is None or self._message is not None:
            self._findings.say(segment, "A message begins outside of an interchange or in another")
        self._message = (segment, [segment.as_dict()])

    def _unt(self, segment: Segment) -> None:
        if self._message is None:
            self._findings.say(segment, "A message ends that did not begin")
            return
        begun, segments = self._message
        self._message = None
        if self._check:
            check_count(self._findings, segment, segment.text(0), len(segments) + 1, "Segments")
            check_reference(self._findings, segment, segment.text(1), begun.text(0))
        self._in_group += 1
        if self._interchanges:
            message = {"type": begun.text(1), "reference": begun.text(0), "segments": segments}
            self._interchanges[-1]["messages"].append(message)

    def _une(self, segment: Segment) -> None:
        if self._group is None:
            self._findings.say(segment, "A group ends that did not begin")
        elif self._check:
            check_count(self._findings, segment, segment.text(0), self._in_group, "Messages")
            check_reference(self._findings, segment, segment.text(1), self._group.text(4))
        self._group = None

    def _unz(self, segment: Segment) -> None:
        if self._header is None:
            self._findings.say(segment, "An interchange ends that did not begin")
            return
        if self._message is not None or self._group is not None:
            self._findings.say(segment, "The interchange ends before what is in it")
        if self._check:
            within = self._groups or len(self._interchanges[-1]["messages"])
            check_count(self._findings, segment, segment.text(0), within, "Messages or groups")
            check_reference(self._findings, segment, segment.text(1), self._header.text(4))
        self._header = self._message = self._group = None
