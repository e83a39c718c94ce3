"""ASC X12 interchanges, read.

    {"interchanges": [{"header": {"tag": "ISA", "elements": […]},
      "groups": [{"header": {"tag": "GS", …},
        "transactions": [{"type": "850", "control": "0001", "segments": [{"tag": "ST", …}]}]}]}]}

ISA has a fixed width, and says by it which characters separate. SE, GE and IEA are checked and
do not show; ST is the first of a transaction's segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from transformer.formats.edifact import CHECK
from transformer.media import to_text

_ISA = 106  # characters, the terminator included
_REPEATS_SINCE = "00402"


@formats.register("x12")
class X12Format(Format):
    name = "x12"
    writable = False
    media_types = ("application/edi-x12",)
    unasked = False
    fields = (CHECK,)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        text = to_text(raw, charset)
        start = len(text) - len(text.lstrip())
        text, line = text[start:], 1 + text.count("\n", 0, start)
        if not text:
            return None
        reading = _Reading(check=options.get("check", True))
        for segment in read_segments(text, _marks(text, line), line=line):
            reading.take(segment)
        return reading.result()

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        raise encode_failed("", "X12 can be read here but not written")


def _marks(text: str, line: int) -> Marks:
    element = text[3:4]
    isa = text[:_ISA]
    if not isa.startswith("ISA") or len(isa) < _ISA or isa[: _ISA - 2].count(element) != 16:
        said = "Not X12: it begins with an ISA of 106 characters and 16 elements"
        raise parse_failed(f"{said} (segment 1, line {line}).", line=line, expected="ISA")
    component, terminator = isa[104], isa[105]
    repetition = isa[82] if isa[84:89] >= _REPEATS_SINCE and not isa[82].isalnum() else ""
    marks = (element, component, terminator, repetition)
    if len(set(marks)) < len(marks) or any(mark.isalnum() for mark in marks):
        raise parse_failed("ISA does not say separators that differ (segment 1).", line=line)
    return Marks(component, element, terminator, repetition=repetition)


class _Reading:
    """The interchanges so far, and what is open: ISA, GS, ST."""

    def __init__(self, *, check: bool) -> None:
        self._check = check
        self._findings = Findings()
        self._interchanges: list[dict[str, Any]] = []
        self._open: list[tuple[Segment, list[Any]]] = []

    def take(self, segment: Segment) -> None:
        if segment.tag in _LEVELS:
            self._begin(segment, _LEVELS[segment.tag])
        elif segment.tag in _ENDS:
            self._end(segment, _ENDS[segment.tag])
        elif len(self._open) != len(_LEVELS):
            self._findings.say(segment, "A segment outside of a transaction")
        else:
            self._open[-1][1].append(segment.as_dict())

    def result(self) -> dict[str, Any]:
        for begun, _ in self._open:
            self._findings.say(begun, f"What {begun.tag} begins has no end")
        if self._findings.faults:
            raise parse_failures(self._findings.faults)
        return {"interchanges": self._interchanges}

    def _begin(self, segment: Segment, level: int) -> None:
        if len(self._open) != level:
            self._findings.say(segment, f"{segment.tag} stands at a wrong place")
            del self._open[level:]
            if len(self._open) < level:
                return
        within: list[Any] = [segment.as_dict()] if segment.tag == "ST" else []
        self._open.append((segment, within))
        if segment.tag == "ISA":
            self._interchanges.append({"header": segment.as_dict(), "groups": within})
        elif segment.tag == "GS":
            self._open[0][1].append({"header": segment.as_dict(), "transactions": within})
        else:
            kind, control = segment.text(0), segment.text(1)
            self._open[1][1].append({"type": kind, "control": control, "segments": within})

    def _end(self, segment: Segment, begins: str) -> None:
        if not self._open or self._open[-1][0].tag != begins:
            self._findings.say(segment, f"{segment.tag} ends what did not begin")
            return
        begun, within = self._open.pop()
        if self._check:
            found = len(within) + (begins == "ST")  # SE counts itself
            check_count(self._findings, segment, segment.text(0), found, _WITHIN[begins])
            check_reference(self._findings, segment, segment.text(1), begun.text(_CONTROL[begins]))


_LEVELS = {"ISA": 0, "GS": 1, "ST": 2}
_ENDS = {"SE": "ST", "GE": "GS", "IEA": "ISA"}
_WITHIN = {"ST": "Segments", "GS": "Transactions", "ISA": "Groups"}
_CONTROL = {"ST": 1, "GS": 5, "ISA": 12}
