"""Strict YAML: the 1.2 core types, no tags, no duplicate keys, no alias bombs.

Values are built from the C parser's event stream, never by a constructor, so
nesting costs no C stack and every fault knows its line. `no`, `on` and dates
stay the text that was written: only `true` and `false` are booleans (YAML 1.1's
other spellings turn a country code or a key into False).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from integration_hub.lib import jsonsafe

MAX_NODES = 1_000_000
MAX_CHARACTERS = 40_000_000

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_REAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_A_NUMBER = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_MERGE = "<<"
_PLAIN_TAGS = frozenset(
    {None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq"))}
)


class YAMLFault(ValueError):
    """The text is not acceptable YAML; `line` and `column` count from 1."""

    def __init__(self, detail: str, mark: Any = None) -> None:
        self.line = mark.line + 1 if mark is not None else 1
        self.column = mark.column + 1 if mark is not None else 1
        super().__init__(f"{detail} (line {self.line}, column {self.column})")
        self.detail = detail


@dataclass(slots=True)
class _Open:
    """A collection that is still being read; `nodes` and `characters` count aliases expanded."""

    value: Any
    anchor: str | None
    nodes: int = 1
    characters: int = 0
    key: str | None = None
    has_key: bool = False
    merges: list[dict[str, Any]] = field(default_factory=list)


def load(text: str, *, max_depth: int = jsonsafe.MAX_DEPTH) -> Any:
    """The one document in `text`. Raises YAMLFault."""
    try:
        return _Builder(max_depth).build(text)
    except yaml.MarkedYAMLError as error:
        detail = error.problem or error.context or "not YAML"
        raise YAMLFault(str(detail), error.problem_mark or error.context_mark) from None
    except yaml.YAMLError as error:
        raise YAMLFault(str(error).splitlines()[0]) from None


class _Builder:
    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.pending: set[str] = set()
        self.result: list[Any] = []

    def build(self, text: str) -> Any:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            self._take(event)
        if not self.result:
            raise YAMLFault("the document is empty")
        return self.result[0]

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
            self._remember(event.anchor, value, 1, len(event.value))
            self._place(event, value, 1, len(event.value), merge=_is_merge(event))
        elif isinstance(event, yaml.AliasEvent):
            self._place(event, *self._known(event))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.result:
            raise YAMLFault("more than one document in one file", event.start_mark)

    def _known(self, event: Any) -> tuple[Any, int, int]:
        if event.anchor in self.pending:
            raise YAMLFault("an alias inside its own anchor", event.start_mark)
        if event.anchor not in self.anchors:
            raise YAMLFault(f"unknown alias {event.anchor[:80]!r}", event.start_mark)
        return self.anchors[event.anchor]

    def _remember(self, anchor: str | None, value: Any, nodes: int, characters: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (value, nodes, characters)

    def _open(self, event: Any) -> None:
        if event.tag not in _PLAIN_TAGS:
            raise YAMLFault(f"the tag {event.tag[:80]!r} is not supported", event.start_mark)
        if len(self.stack) >= self.max_depth:
            raise YAMLFault(f"nested deeper than {self.max_depth} levels", event.start_mark)
        if event.anchor is not None:
            self.pending.add(event.anchor)
        is_map = isinstance(event, yaml.MappingStartEvent)
        self.stack.append(_Open({} if is_map else [], event.anchor))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        for merged in done.merges:
            for key, value in merged.items():
                done.value.setdefault(key, value)
        if done.anchor is not None:
            self.pending.discard(done.anchor)
            self._remember(done.anchor, done.value, done.nodes, done.characters)
        self._place(event, done.value, done.nodes, done.characters)

    def _place(
        self, event: Any, value: Any, nodes: int, characters: int, *, merge: bool = False
    ) -> None:
        if not self.stack:
            self.result.append(value)
            return
        parent = self.stack[-1]
        parent.nodes += nodes
        parent.characters += characters
        if parent.nodes > MAX_NODES or parent.characters > MAX_CHARACTERS:
            raise YAMLFault(f"more than {MAX_NODES} nodes with aliases expanded", event.start_mark)
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.has_key:
            self._member(event, parent, value)
        else:
            _take_key(event, parent, value, merge=merge)

    def _member(self, event: Any, parent: _Open, value: Any) -> None:
        if parent.key is None:
            sources = value if isinstance(value, list) else [value]
            if not all(isinstance(source, dict) for source in sources):
                raise YAMLFault("`<<` merges mappings only", event.start_mark)
            parent.merges.extend(sources)
        else:
            parent.value[parent.key] = value
        parent.key, parent.has_key = None, False


def _take_key(event: Any, parent: _Open, value: Any, *, merge: bool) -> None:
    parent.has_key = True
    if merge:
        return
    if isinstance(event, yaml.ScalarEvent):
        value = event.value  # `on:`, `1:` and `null:` are names like any other
    if not isinstance(value, str):
        raise YAMLFault("a key must be text", event.start_mark)
    if value in parent.value:
        raise YAMLFault(f"duplicate key {value[:80]!r}", event.start_mark)
    if len(parent.value) >= jsonsafe.MAX_KEYS:
        raise YAMLFault(f"a mapping with more than {jsonsafe.MAX_KEYS} keys", event.start_mark)
    parent.key = value


def _is_merge(event: Any) -> bool:
    return bool(event.value == _MERGE and event.implicit[0])


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.tag not in _PLAIN_TAGS:
        raise YAMLFault(f"the tag {event.tag[:80]!r} is not supported", event.start_mark)
    if not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return _number(text, event.start_mark)


def _number(text: str, mark: Any) -> Any:
    """The number that `text` is, else the text."""
    if _INTEGER.match(text):
        if len(text) > jsonsafe.MAX_INTEGER_DIGITS:
            raise YAMLFault("an integer with too many digits", mark)
        return int(text)
    if _HEX.match(text):
        return int(text, 16)
    if _NOT_A_NUMBER.match(text):
        raise YAMLFault(f"{text} is not a JSON number", mark)
    if _REAL.match(text):
        number = float(text)
        if math.isinf(number):
            raise YAMLFault(f"number {text[:40]} is out of range", mark)
        return number
    return text
