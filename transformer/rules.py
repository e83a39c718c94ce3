"""Rules at run time: closures over plain values, each error with its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from integration_hub.lib import clock, pointers
from transformer.faults import MAX_FAULTS, TransformFault, shown
from transformer.paths import MISSING, Place, Read, WrongShape, expand, to_text
from transformer.targets import Write
from transformer.types import Convert, Unfit


class _Skip:
    __slots__ = ()


SKIP: Final = _Skip()
# Where an element stands: (element's place in the input, its place in the result).
At = tuple[Place, Place]
ROOT: Final[At] = ((), ())


def fresh(value: Any) -> Any:
    """A constant of the spec; containers are copied, so that no result can change the spec."""
    return deepcopy(value) if isinstance(value, dict | list) else value


class Refused(Exception):
    """A value is not acceptable at a rule."""

    def __init__(self, code: str, detail: str, expected: str, value: Any, place: Place) -> None:
        super().__init__(detail)
        self.code, self.detail, self.expected = code, detail, expected
        self.value, self.place = value, place


class Enough(Exception):
    """The most faults that are reported have been found, or time is up."""


@dataclass(slots=True)
class Run:
    """What one run has found. `failed` stays False where `on_error` let every fault pass."""

    faults: list[TransformFault] = field(default_factory=list)
    failed: bool = False
    ends_at: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the value: a value transform, or the conversion to the rule's type."""

    name: str
    apply: Callable[[Any], Any]
    takes_lists: bool
    converts: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    index: int
    target: Place
    write: Write
    source: tuple[Any, ...] | None
    read: Read
    steps: tuple[Step, ...]
    quick: Convert | None  # the only step of a rule that needs no more than that
    many: bool
    spreads: bool  # the source has [*]
    cardinality: str | None
    required: bool
    on_missing: str
    on_error: str
    default: Any
    when: Read | None
    each: RuleSet | None


@dataclass(frozen=True, slots=True)
class RuleSet:
    rules: tuple[Rule, ...]
    is_list: bool  # the result starts as an array

    def run(self, document: Any, run: Run, at: At = ROOT) -> Any:
        result: Any = [] if self.is_list else {}
        for rule in self.rules:
            value = evaluate(rule, document, run, at)
            if value is not SKIP:
                result = rule.write(result, value)
        if run.ends_at is not None and clock.monotonic() > run.ends_at:
            _time_is_up(run)
        return result


def evaluate(rule: Rule, document: Any, run: Run, at: At) -> Any:
    """The value that a rule gives, or SKIP. Faults go to `run`."""
    try:
        if rule.when is not None and not _truth(rule.when(document)):
            return SKIP
        if rule.spreads:
            return _evaluate_spread(rule, document, run, at)
        value = rule.read(document)
        if value is MISSING or value is None:
            return _absent(rule, value, run, at, ())
        if rule.quick is not None:
            return rule.quick(value)
        return _shape(rule, value, run, at)
    except Unfit as unfit:
        value = rule.read(document)
        return _failed(rule, _unfit(unfit, value, rule), run, at)
    except WrongShape as wrong:
        return _failed(rule, _wrong(wrong), run, at)
    except Refused as refused:
        return _failed(rule, refused, run, at)


def _truth(value: Any) -> bool:
    return value is not MISSING and bool(value)


def _absent(rule: Rule, value: Any, run: Run, at: At, place: Place) -> Any:
    """Null is a value and passes, unless the rule is required."""
    if value is None and not rule.required:
        return None
    if value is MISSING and rule.on_missing == "default":
        return fresh(rule.default)
    if value is MISSING and rule.on_missing == "null":
        return None
    if value is MISSING and rule.on_missing == "skip":
        return SKIP
    what = "is null" if value is None else "is missing"
    fault = Refused("MISSING", f"The source {what}", "a value", value, place or _own(rule))
    # What `on_error` says is for values that are there.
    return _report(rule, fault, run, at, fails=True)


def _own(rule: Rule) -> Place:
    return tuple(step for step in rule.source or () if isinstance(step, str | int))


def _shape(rule: Rule, value: Any, run: Run, at: At) -> Any:
    """The whole pipeline for one value, which may be a list."""
    if rule.many and not isinstance(value, list):
        value = [value]
    own = _own(rule)
    if isinstance(value, list) and (rule.many or rule.cardinality == "one"):
        value = _shape_list(rule, value, [(*own, index) for index in range(len(value))], run, at)
    else:
        for step in rule.steps:
            value = _apply(step, value, own)
    if value is SKIP or rule.each is None or value is None:
        return value
    return _each(rule, rule.each, value, own, run, at)


def _evaluate_spread(rule: Rule, document: Any, run: Run, at: At) -> Any:
    found = expand(document, rule.source or (), lone=rule.many)
    if found is None:
        return _absent(rule, MISSING, run, at, ())
    values: list[Any] = []
    places: list[Place] = []
    for place, value in found:
        kept = _absent(rule, value, run, at, place) if value is MISSING or value is None else value
        if kept is not SKIP:
            values.append(kept)
            places.append(place)
    shaped = _shape_list(rule, values, places, run, at)
    if rule.each is None or not isinstance(shaped, list):
        return shaped
    return _each_at(rule, rule.each, shaped, places, run, at)


def _shape_list(rule: Rule, values: list[Any], places: Sequence[Place], run: Run, at: At) -> Any:
    """Steps item by item, until one takes the list as a whole; then cardinality."""
    value: Any = values
    own = places
    for step in rule.steps:
        if step.takes_lists or not isinstance(value, list):
            value, own = _apply(step, value, _own(rule)), ()
        else:
            value, own = _items(rule, step, value, own, run, at)
    if rule.cardinality == "one" and isinstance(value, list):
        return _only(rule, value, run, at)
    return value


def _items(
    rule: Rule, step: Step, values: list[Any], places: Sequence[Place], run: Run, at: At
) -> tuple[list[Any], list[Place]]:
    done: list[Any] = []
    kept: list[Place] = []
    for index, value in enumerate(values):
        place = places[index] if places else (*_own(rule), index)
        try:
            new = value if value is None else _apply(step, value, place)
        except Refused as refused:
            new = _failed(rule, refused, run, at)
        if new is not SKIP:
            done.append(new)
            kept.append(place)
    return done, kept


def _apply(step: Step, value: Any, place: Place) -> Any:
    if isinstance(value, list) and not step.takes_lists and not step.converts:
        return [
            item if item is None else _apply(step, item, (*place, index))
            for index, item in enumerate(value)
        ]
    try:
        return step.apply(value)
    except Unfit as unfit:
        raise Refused(
            unfit.code, f"Not of the type {step.name}", unfit.expected, value, place
        ) from None
    except ValueError as error:
        takes = str(error).removeprefix("takes ")
        detail = f"The transform {step.name} {error}"
        raise Refused("TYPE", detail, takes, value, place) from None


def _only(rule: Rule, values: list[Any], run: Run, at: At) -> Any:
    if len(values) == 1:
        return values[0]
    if not values:
        return _absent(rule, MISSING, run, at, ())
    raise Refused(
        "CARDINALITY", f"{len(values)} values where one is allowed", "one value", None, _own(rule)
    )


def _each(rule: Rule, inner: RuleSet, value: Any, own: Place, run: Run, at: At) -> Any:
    if not isinstance(value, list):
        if rule.cardinality == "one":
            return inner.run(value, run, (at[0] + own, at[1] + rule.target))
        raise Refused(
            "TYPE",
            "`each` needs an array; `cardinality: many` takes a lone one",
            "array",
            value,
            own,
        )
    return _each_at(rule, inner, value, [(*own, index) for index in range(len(value))], run, at)


def _each_at(
    rule: Rule, inner: RuleSet, values: list[Any], places: Sequence[Place], run: Run, at: At
) -> list[Any]:
    source, target = at[0], at[1] + rule.target
    return [
        value
        if value is None
        else inner.run(value, run, (source + places[index], (*target, index)))
        for index, value in enumerate(values)
    ]


def _unfit(unfit: Unfit, value: Any, rule: Rule) -> Refused:
    return Refused(
        unfit.code, f"Not of the type {rule.steps[-1].name}", unfit.expected, value, _own(rule)
    )


def _wrong(wrong: WrongShape) -> Refused:
    hint = "; [n] and [*] reach into arrays" if isinstance(wrong.value, list) else ""
    detail = f"The path needs an {wrong.expected} here{hint}"
    return Refused("TYPE", detail, wrong.expected, wrong.value, wrong.at)


def _failed(rule: Rule, refused: Refused, run: Run, at: At) -> Any:
    """What stands in for a value that was refused, as `on_error` says."""
    if rule.on_error == "null":
        return None
    if rule.on_error == "default":
        return fresh(rule.default)
    return _report(rule, refused, run, at, fails=rule.on_error == "fail")


def _report(rule: Rule, refused: Refused, run: Run, at: At, *, fails: bool) -> Any:
    place = at[0] + refused.place
    target = at[1] + rule.target
    run.failed = run.failed or fails
    run.faults.append(
        TransformFault(
            pointers.join(place),
            f"{refused.detail}.",
            refused.code,
            rule=rule.index,
            target=to_text(target, ""),
            source_path=to_text(place) if rule.source is not None else None,
            value=None if refused.value is MISSING else shown(refused.value, place + target),
            expected=refused.expected,
        )
    )
    if len(run.faults) >= MAX_FAULTS:
        raise Enough
    return SKIP


def _time_is_up(run: Run) -> None:
    run.failed = True
    run.faults.append(TransformFault("", "The transform took longer than its limit.", "LIMIT_TIME"))
    raise Enough
