"""What becomes of a value that is missing or refused."""

from __future__ import annotations

from typing import Any

from integration_hub.lib import pointers
from transformer.faults import MAX_FAULTS, TransformFault, shown
from transformer.paths import MISSING, Place, to_text
from transformer.plan import SKIP, At, Enough, Refused, Rule, Run, fresh


def absent(rule: Rule, value: Any, run: Run, at: At, place: Place) -> Any:
    """What stands in for MISSING or null. Null is a value: it passes, unless it is required."""
    if value is None and not rule.required:
        return None
    if value is MISSING:
        if rule.on_missing == "default":
            return fresh(rule.default)
        if rule.on_missing == "null":
            return None
        if rule.on_missing == "skip":
            return SKIP
    what = "is null" if value is None else "is missing"
    whose = "The source" if rule.expr is None else "The result of the expression"
    refused = Refused("MISSING", f"{whose} {what}", "a value", value, place)
    # `on_error` is for values that are there and do not fit.
    return _report(rule, refused, run, at, fails=True)


def failed(rule: Rule, refused: Refused, run: Run, at: At) -> Any:
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
    names = place + target + (("secret",) if rule.expr is not None and rule.expr.secret else ())
    run.faults.append(
        TransformFault(
            pointers.join(place),
            f"{refused.detail}.",
            refused.code,
            rule=rule.index,
            target=to_text(target, "") or "$",
            source_path=to_text(place) if rule.source is not None else None,
            value=None if refused.value is MISSING else shown(refused.value, names),
            expected=refused.expected,
        )
    )
    if len(run.faults) >= MAX_FAULTS:
        raise Enough
    return SKIP


def time_is_up(run: Run) -> None:
    """Raises Enough."""
    run.failed = True
    run.faults.append(TransformFault("", "The transform took longer than its limit.", "LIMIT_TIME"))
    raise Enough
