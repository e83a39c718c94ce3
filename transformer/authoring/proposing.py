"""Rules that lead from one sample to another, as far as equal values show the way.

What is proposed is a start for a person: equal values may stand at several places, and
then a like name wins, then the shorter path. What is found nowhere becomes a constant,
and is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from integration_hub.lib import jsonsafe
from transformer.paths import MAX_PATH
from transformer.services import compile_spec
from transformer.spec_schema import MAX_RULES

MAX_PLACES: Final = 20_000
_PLAIN = re.compile(r"[\w@#$:-]+")
_SEPARATORS = (", ", ",", "; ", ";", " | ", "|", " ")
_CHANGES: tuple[tuple[tuple[str, ...], Callable[[str], str]], ...] = (
    (("trim",), str.strip),
    (("lower",), str.lower),
    (("upper",), str.upper),
    (("trim", "lower"), lambda text: text.strip().lower()),
    (("trim", "upper"), lambda text: text.strip().upper()),
)
Rule = dict[str, Any]
Steps = tuple[str | int, ...]


@dataclass(slots=True)
class Proposal:
    """`rules` in the order of the wanted sample; `constants` are the targets of guesswork."""

    rules: list[Rule] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)


def propose(sample: Any, wanted: Any, *, bold: bool = False) -> Proposal:
    """Rules that make `wanted` of `sample`, or come near.

    Values that are equal by chance (`0`, `true`, one letter) are followed only under a
    like name, unless `bold`.
    """
    found = Proposal()
    _Proposing(sample, found, bold=bold).of(wanted, ())
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    steps: Steps
    value: Any

    def cost(self, name: str) -> tuple[bool, int, int]:
        """Like names first, then the nearest to the top."""
        own = str(self.steps[-1]) if self.steps else ""
        return _bare(own) != _bare(name), len(self.steps), sum(map(_is_index, self.steps))


class _Proposing:
    """One sample, indexed by its values."""

    def __init__(self, sample: Any, found: Proposal, *, bold: bool) -> None:
        self._found, self._bold = found, bold
        self._places: dict[str, list[_Place]] = {}
        self._texts: list[_Place] = []
        self._lists: list[_Place] = []
        for place in _places(sample):
            self._places.setdefault(_key(place.value), []).append(place)
            if isinstance(place.value, str):
                self._texts.append(place)
            elif isinstance(place.value, list) and place.value:
                self._lists.append(place)

    def of(self, wanted: Any, target: Steps) -> None:
        if len(self._found.rules) >= MAX_RULES:
            return
        name = str(target[-1]) if target else ""
        rule = self._same(wanted, name) if target or not isinstance(wanted, dict) else None
        if rule is None and isinstance(wanted, dict) and wanted and all(map(_can_name, wanted)):
            for key, value in wanted.items():
                self.of(value, (*target, key))
            return
        if rule is None and isinstance(wanted, list):
            rule = self._of_list(wanted, name)
        if rule is None and not isinstance(wanted, dict | list):
            rule = self._changed(wanted, name)
        if rule is None:
            rule = {"value": wanted}
            self._found.constants.append(written(target))
        self._found.rules.append({"target": written(target), **rule})

    def _same(self, wanted: Any, name: str) -> Rule | None:
        """The very value."""
        best = self._meant(wanted, wanted, name)
        return None if best is None else {"source": written(best.steps)}

    def _changed(self, wanted: Any, name: str) -> Rule | None:
        """The value in another type, or in another spelling."""
        for other, type_ in _casts(wanted):
            best = self._meant(other, wanted, name)
            if best is not None:
                return {"source": written(best.steps), "type": type_}
        if not isinstance(wanted, str) or len(wanted) < 2:
            return None
        for names, places in self._spellings.items():
            best = self._best(places.get(wanted, ()), name)
            if best is not None:
                return {"source": written(best.steps), "transforms": list(names)}
        return None

    @cached_property
    def _spellings(self) -> dict[tuple[str, ...], dict[str, list[_Place]]]:
        """The texts by what each change makes of them."""
        found: dict[tuple[str, ...], dict[str, list[_Place]]] = {}
        for names, change in _CHANGES:
            changed = found.setdefault(names, {})
            for place in self._texts:
                changed.setdefault(change(place.value), []).append(place)
        return found

    def _of_list(self, wanted: list[Any], name: str) -> Rule | None:
        if wanted and all(isinstance(item, dict) for item in wanted):
            return self._each(wanted, name)
        return self._plucked(wanted, name) or self._split(wanted, name)

    def _each(self, wanted: list[Any], name: str) -> Rule | None:
        """A list of objects made of another of the same length; the items must agree."""
        for place in sorted(self._lists, key=lambda place: place.cost(name)):
            if len(place.value) != len(wanted) or not isinstance(place.value[0], dict):
                continue
            bold = len(wanted) > 1
            rules = propose(place.value[0], wanted[0], bold=bold).rules
            if any("source" in rule for rule in rules) and _make(rules, place.value, wanted):
                return {"source": written(place.steps), "each": rules}
        return None

    def _plucked(self, wanted: list[Any], name: str) -> Rule | None:
        """One member of every item of a list."""
        for place in sorted(self._lists, key=lambda place: place.cost(name)):
            items = place.value
            if len(items) != len(wanted) or not all(isinstance(item, dict) for item in items):
                continue
            for key in items[0]:
                if _key([item.get(key) for item in items]) == _key(wanted):
                    return {"source": f"{written(place.steps)}[*].{_name(key)}"}
        return None

    def _split(self, wanted: list[Any], name: str) -> Rule | None:
        """A text that holds the list."""
        if len(wanted) < 2 or not all(isinstance(item, str) for item in wanted):
            return None
        for separator in _SEPARATORS:
            whole = separator.join(wanted)
            best = self._best(self._places.get(_key(whole), ()), name)
            if best is not None:
                split = {"name": "split", "separator": separator}
                return {"source": written(best.steps), "transforms": [split]}
        return None

    def _meant(self, value: Any, wanted: Any, name: str) -> _Place | None:
        best = self._best(self._places.get(_key(value), ()), name)
        by_chance = best is not None and _is_common(wanted) and best.cost(name)[0]
        return None if by_chance and not self._bold else best

    @staticmethod
    def _best(places: Any, name: str) -> _Place | None:
        return min(places, key=lambda place: place.cost(name), default=None)


def written(steps: Steps) -> str:
    """The path as rules write it; `$` for the whole."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{_name(step)}"
    return text.removeprefix(".") or "$"


def _name(step: str) -> str:
    return step if _PLAIN.fullmatch(step) and step != "$" else f"`{step}`"


def _can_name(step: Any) -> bool:
    return step != "" and "`" not in str(step)


def _places(sample: Any) -> Iterator[_Place]:
    """Every place that a path can name, from the top down, up to a bound."""
    waiting, seen = [_Place((), sample)], 0
    for place in waiting:
        seen += 1
        if seen > MAX_PLACES:
            return
        yield place
        inside: Any = ()
        if isinstance(place.value, dict):
            inside = place.value.items()
        elif isinstance(place.value, list):
            inside = enumerate(place.value)
        for step, value in inside:
            if not _can_name(step):
                continue
            steps = (*place.steps, step)
            if len(written(steps)) <= MAX_PATH:
                waiting.append(_Place(steps, value))


def _make(rules: list[Rule], items: list[Any], wanted: list[Any]) -> bool:
    """Whether what was read off the first item makes every one of them."""
    each = compile_spec({"rules": rules}, response=False)
    return all(
        _key(each.attempt(item).result) == _key(made)
        for item, made in zip(items, wanted, strict=True)
    )


def _casts(wanted: Any) -> Iterator[tuple[Any, str]]:
    """What the value may be in the sample, and the type that leads from it."""
    if isinstance(wanted, bool):
        yield str(wanted).lower(), "boolean"
    elif isinstance(wanted, int):
        yield str(wanted), "integer"
    elif isinstance(wanted, float):
        yield repr(wanted), "number"
    elif isinstance(wanted, str):
        try:
            read = jsonsafe.loads(wanted)
        except jsonsafe.JSONFault:
            return
        if isinstance(read, bool | int | float):
            yield read, "string"


def _key(value: Any) -> str:
    """Equal for equal JSON: 1 is not true, and not "1"."""
    return jsonsafe.dumps_text(value)


def _is_common(value: Any) -> bool:
    """Values that are equal by chance."""
    if isinstance(value, str):
        return len(value) < 2
    return value is None or isinstance(value, bool) or value in (0, 1, [], {})


def _is_index(step: str | int) -> bool:
    return isinstance(step, int)


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
