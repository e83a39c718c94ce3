"""From what a rule read to what it gives: transforms, then cardinality, then the type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from transformer.paths import MISSING, Place, expand
from transformer.plan import SKIP, At, Inner, Refused, Rule, Run, Step
from transformer.types import Unfit
from transformer.verdicts import absent, failed


@dataclass(slots=True)
class Item:
    """One item of a list, with where it was read. `fixed`: it stands in for one that was
    missing, so nothing more is done to it."""

    value: Any
    place: Place
    fixed: bool = False


def shape_value(rule: Rule, value: Any, run: Run, at: At) -> Any:
    """For a source of one value, which may be a list. Raises Refused."""
    if rule.each is None and rule.cardinality is None:
        given = _plain(rule, value)
        if given is not MISSING:
            return given
    if isinstance(value, list):
        own = rule.own
        items = [Item(item, (*own, index)) for index, item in enumerate(value)]
        return _finish(rule, _transform(rule, items, run, at), run, at, listed=False)
    return _finish(rule, _transform(rule, value, run, at), run, at, listed=False)


def shape_spread(rule: Rule, document: Any, run: Run, at: At) -> Any:
    """For a source with [*]. Raises Refused and WrongShape."""
    found = expand(document, rule.source or (), lone=rule.cardinality == "many")
    if found is None:
        return absent(rule, MISSING, run, at, rule.own)
    items = []
    for place, value in found:
        if value is MISSING or value is None:
            given = absent(rule, value, run, at, place)
            if given is not SKIP:
                items.append(Item(given, place, fixed=True))
        else:
            items.append(Item(value, place))
    return _finish(rule, _transform(rule, items, run, at), run, at, listed=True)


def _plain(rule: Rule, value: Any) -> Any:
    """The usual case at once: a value that is no list and does not become one; else MISSING."""
    for step in rule.transforms:
        if isinstance(value, list):
            return MISSING
        value = _apply(step, value, rule.own)
    if isinstance(value, list):
        return MISSING
    return value if value is None or rule.convert is None else _apply(rule.convert, value, rule.own)


def _transform(rule: Rule, value: Any, run: Run, at: At) -> Any:
    """A list is a list of Items here, until a transform takes it as a whole."""
    for step in rule.transforms:
        if not _is_items(value):
            value = _apply(step, value, rule.own)
        elif step.takes_lists:
            value = _apply(step, [item.value for item in value], rule.own)
        else:
            value = _each_item(rule, step, value, run, at)
        if isinstance(value, list) and not _is_items(value):
            value = [Item(item, (*rule.own, index)) for index, item in enumerate(value)]
    return value


def _finish(rule: Rule, value: Any, run: Run, at: At, *, listed: bool) -> Any:
    """Cardinality, the type, `each`. `listed`: a list is what the source stands for."""
    if rule.cardinality == "many" and not _is_items(value):
        value = [Item(value, rule.own)]
    elif rule.cardinality == "one" and _is_items(value):
        value = _only(rule, value, run, at)
    if value is SKIP or value is None:
        return value
    if not _is_items(value):
        return _finish_one(rule, value, run, at)
    return _finish_items(rule, value, run, at, listed=listed or rule.cardinality == "many")


def _finish_items(rule: Rule, items: list[Item], run: Run, at: At, *, listed: bool) -> Any:
    step = rule.convert
    if step is not None and not step.takes_lists:
        if not listed:
            return _apply(step, [item.value for item in items], rule.own)
        items = _each_item(rule, step, items, run, at)
    if rule.each is None:
        return [item.value for item in items]
    each = rule.each
    return [_inner(each, item, run, at, (*rule.target, n)) for n, item in enumerate(items)]


def _finish_one(rule: Rule, value: Any, run: Run, at: At) -> Any:
    if rule.convert is not None:
        value = _apply(rule.convert, value, rule.own)
    if rule.each is None:
        return value
    if rule.cardinality == "one":
        return rule.each(value, run, (at[0] + rule.own, at[1] + rule.target))
    detail = "`each` needs an array; `cardinality: many` takes a lone one"
    raise Refused("TYPE", detail, "array", value, rule.own)


def _inner(each: Inner, item: Item, run: Run, at: At, target: Place) -> Any:
    if item.fixed or item.value is None:
        return item.value
    return each(item.value, run, (at[0] + item.place, at[1] + target))


def _is_items(value: Any) -> bool:
    return isinstance(value, list) and (not value or isinstance(value[0], Item))


def _each_item(rule: Rule, step: Step, items: list[Item], run: Run, at: At) -> list[Item]:
    kept: list[Item] = []
    for item in items:
        if item.fixed or item.value is None:
            kept.append(item)
            continue
        try:
            kept.append(Item(_apply(step, item.value, item.place), item.place))
        except Refused as refused:
            given = failed(rule, refused, run, at)
            if given is not SKIP:
                kept.append(Item(given, item.place, fixed=True))
    return kept


def _apply(step: Step, value: Any, place: Place) -> Any:
    try:
        return step.apply(value)
    except Unfit as unfit:
        raise refusal(step.name, unfit, value, place) from None
    except ValueError as error:
        takes = str(error).removeprefix("takes ")
        detail = f"The transform {step.name} {error}"
        raise Refused("TYPE", detail, takes, value, place) from None


def refusal(name: str, unfit: Unfit, value: Any, place: Place) -> Refused:
    return Refused(unfit.code, f"Not of the type {name}", unfit.expected, value, place)


def _only(rule: Rule, items: list[Item], run: Run, at: At) -> Any:
    if len(items) == 1:
        return items[0].value
    if not items:
        return absent(rule, MISSING, run, at, rule.own)
    detail = f"{len(items)} values where one is allowed"
    raise Refused("CARDINALITY", detail, "one value", None, rule.own)
