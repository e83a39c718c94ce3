"""Running rules: closures over plain values, each error with its place."""

from __future__ import annotations

from typing import Any

from integration_hub.lib import clock
from transformer.paths import MISSING, WrongShape
from transformer.pipeline import refusal, shape_spread, shape_value
from transformer.plan import ROOT, SKIP, At, Refused, Rule, RuleSet, Run
from transformer.types import Unfit
from transformer.verdicts import absent, failed, time_is_up


def run_rules(rules: RuleSet, document: Any, run: Run, at: At = ROOT) -> Any:
    """The result of all rules. Faults go to `run`; raises Enough when no more are wanted."""
    result: Any = [] if rules.is_list else {}
    for rule in rules.rules:
        if rule.direct is not None:
            try:
                value = rule.read(document)
                if value is not MISSING and value is not None:
                    result = rule.write(result, rule.direct(value))
                    continue
            except (Unfit, WrongShape, ValueError):
                pass  # once more below, the long way, where it is told
        value = evaluate(rule, document, run, at)
        if value is not SKIP:
            result = rule.write(result, value)
    if run.ends_at is not None and clock.monotonic() > run.ends_at:
        time_is_up(run)
    return result


def evaluate(rule: Rule, document: Any, run: Run, at: At) -> Any:
    """The value that one rule gives, or SKIP."""
    value: Any = MISSING
    try:
        if rule.when is not None and not _truth(rule.when(document)):
            return SKIP
        if rule.spreads:
            return shape_spread(rule, document, run, at)
        value = rule.read(document) if rule.expr is None else rule.expr.value(document, run)
        if value is MISSING or value is None:
            return absent(rule, value, run, at, rule.own)
        if rule.quick is not None:
            return rule.quick(value)
        return shape_value(rule, value, run, at)
    except Unfit as unfit:
        name = rule.convert.name if rule.convert else ""
        return failed(rule, refusal(name, unfit, value, rule.own), run, at)
    except WrongShape as wrong:
        return failed(rule, _wrong(wrong), run, at)
    except Refused as refused:
        return failed(rule, refused, run, at)


def _truth(value: Any) -> bool:
    return value is not MISSING and bool(value)


def _wrong(wrong: WrongShape) -> Refused:
    hint = "; [n] and [*] reach into arrays" if isinstance(wrong.value, list) else ""
    detail = f"The path needs an {wrong.expected} here{hint}"
    return Refused("TYPE", detail, wrong.expected, wrong.value, wrong.at)
