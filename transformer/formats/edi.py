"""What EDIFACT and X12 have in common: segments of elements of components, in envelopes.

No library is used: those at hand read one of the two, guess where the rules are broken, and do
not say where. A segment is `{"tag": "LIN", "elements": [["1"], [""], ["4000862141404", "SRV"]]}`:
an element is the list of its components, always, also of one. Where an element repeats,
`{"repeats": [[…], […]]}` stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from transformer.faults import MAX_FAULTS, TransformFault, parse_failed, row_fault

MAX_SEGMENTS = 100_000
MAX_PARTS = 1_000
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}\Z")


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters that separate; `release` and `repetition` are "" where there are none."""

    component: str
    element: str
    terminator: str
    release: str = ""
    repetition: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    number: int  # from 1, in the whole document
    line: int
    tag: str
    elements: list[Any]

    def text(self, element: int, component: int = 0) -> str:
        """One component; "" where there is none."""
        try:
            found = self.elements[element]
            return str(found[component]) if isinstance(found, list) else ""
        except IndexError:
            return ""

    def as_dict(self) -> dict[str, Any]:
        return {"tag": self.tag, "elements": self.elements}


@dataclass(slots=True)
class Findings:
    """What is wrong, up to a hundred."""

    faults: list[TransformFault] = field(default_factory=list)

    def say(self, segment: Segment, detail: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            where = f"segment {segment.number}, {segment.tag}, line {segment.line}"
            self.faults.append(row_fault(f"{detail} ({where}).", line=segment.line))


def read_segments(text: str, marks: Marks, number: int = 0, line: int = 1) -> Iterator[Segment]:
    """Each segment. `number` and `line` are where the text stands. Raises TransformFailed."""
    rest = _split(text, marks.terminator, marks.release)
    last = rest.pop()
    for raw in rest:
        begun = line + raw.count("\n", 0, len(raw) - len(raw.lstrip("\r\n")))
        line += raw.count("\n")
        number += 1
        if number > MAX_SEGMENTS:
            raise parse_failed(
                f"Not accepted: more than {MAX_SEGMENTS:,} segments.", code="LIMIT_SIZE"
            )
        yield _segment(raw.strip("\r\n"), marks, number, begun)
    if last.strip():
        said = f"The segment has no end: {marks.terminator!r} is missing (segment {number + 1})."
        raise parse_failed(said, line=line + last.count("\n", 0, len(last) - len(last.lstrip())))


def _segment(raw: str, marks: Marks, number: int, line: int) -> Segment:
    tag, *elements = _split(raw, marks.element, marks.release)
    if not _TAG.match(tag):
        shown = tag[:20]
        said = f"{shown!r} is no tag of a segment (segment {number}, line {line})."
        raise parse_failed(said, line=line, expected="two or three capital letters and digits")
    if raw.count(marks.element) > MAX_PARTS or raw.count(marks.component) > MAX_PARTS:
        said = f"Not accepted: more than {MAX_PARTS:,} parts (segment {number}, line {line})."
        raise parse_failed(said, code="LIMIT_SIZE", line=line)
    return Segment(number, line, tag, [_element(element, marks) for element in elements])


def _element(raw: str, marks: Marks) -> Any:
    if marks.repetition and marks.repetition in raw:
        parts = _split(raw, marks.repetition, marks.release)
        if len(parts) > 1:
            return {"repeats": [_components(part, marks) for part in parts]}
    return _components(raw, marks)


def _components(raw: str, marks: Marks) -> list[str]:
    parts = _split(raw, marks.component, marks.release)
    if not marks.release or marks.release not in raw:
        return parts
    escaped = _escaped(marks.release)
    return [escaped.sub(r"\1", part) for part in parts]


def _split(text: str, mark: str, release: str) -> list[str]:
    if not release or release not in text:
        return text.split(mark)
    parts, start = [], 0
    for found in _marked(mark, release).finditer(text):
        if found.group() == mark:
            parts.append(text[start : found.start()])
            start = found.end()
    parts.append(text[start:])
    return parts


@lru_cache(maxsize=64)
def _marked(mark: str, release: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(release)}.|{re.escape(mark)}", re.DOTALL)


@lru_cache(maxsize=16)
def _escaped(release: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(release)}(.?)", re.DOTALL)


def check_count(findings: Findings, end: Segment, said: str, found: int, what: str) -> None:
    if not said.isdecimal() or len(said) > 10 or int(said) != found:
        findings.say(end, f"{what}: {said[:20]!r} are announced, {found} are there")


def check_reference(findings: Findings, end: Segment, said: str, begun: str) -> None:
    if said != begun:
        findings.say(
            end, f"The reference {said[:40]!r} is not that of the beginning, {begun[:40]!r}"
        )
