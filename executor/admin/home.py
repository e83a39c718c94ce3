"""The cards of calls: how many and how they ended, what fails, what is slow, the latest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from executor import selectors
from executor.admin.pages import duration
from executor.choices import ExecutionStatus
from executor.insight import activity
from executor.insight.activity import Activity, Failing, Slow
from executor.models import Execution
from integration_hub.access.home import (
    LINES,
    WITHIN,
    Card,
    Figure,
    Line,
    Link,
    Tone,
    Viewer,
    listing,
)

MODEL = "executor_execution"
BAD_SHARE, WARN_SHARE = 0.1, 0.01
"""Shares of failed calls above which a person should look, at once or when there is time."""

_FAILED = ",".join(activity.FAILED)
_TONES = {
    ExecutionStatus.COMPLETED: Tone.OK,
    ExecutionStatus.FAILED: Tone.BAD,
    ExecutionStatus.OUTCOME_UNKNOWN: Tone.BAD,
    ExecutionStatus.REJECTED: Tone.WARN,
    ExecutionStatus.CANCELLED: Tone.WARN,
}
_EXACT = "Read: every call of this time, {calls:,} of them."
_SUMS = (
    "Read: what health checks counted beside them, at most 500 calls each; instances that are not "
    "checked are left out, and failures are those that the external system is to blame for."
)
_NEWEST = f"Read: the newest {activity.NEWEST:,} of this time."


def may_see(viewer: Viewer) -> bool:
    return viewer.caller.can("read") and viewer.may("executor.view_execution")


def cards(viewer: Viewer) -> Iterator[Card]:
    """Two statements, six where there were more calls than are read."""
    if not may_see(viewer):
        return
    found = activity.read(viewer.caller, viewer.window, viewer.now)
    yield _calls(viewer, found)
    yield _failing(viewer, found)
    yield _slow(viewer, found)
    yield _latest(viewer)


def _calls(viewer: Viewer, found: Activity) -> Card:
    within = {WITHIN: viewer.window}
    share = found.failed / found.calls if found.calls else 0.0
    sign = "" if found.exact else "+"
    tone = Tone.BAD if share > BAD_SHARE else Tone.WARN if share > WARN_SHARE else Tone.OK
    failed = listing(MODEL, status__in=_FAILED, **within)
    try_ = Link("Try a method", reverse("admin:executor_execution_try"))
    return Card(
        name="calls",
        title=f"Calls in {viewer.window}",
        rank=10,
        figures=[
            Figure("Calls", f"{found.calls:,}{sign}", listing(MODEL, **within)),
            Figure(
                "Calls failed",
                f"{found.failed:,}{sign}",
                failed,
                tone if found.failed else Tone.QUIET,
            ),
            Figure("Error rate", f"{100 * share:.1f} %" if found.calls else "—", failed),
        ],
        bars=found.bars,
        empty="" if found.calls else "No call in this time. Open an instance and try a method.",
        steps=[try_] if not found.calls and viewer.caller.can("execute") else [],
        read=_EXACT.format(calls=found.calls) if found.exact else _SUMS,
        wide=True,
    )


def _failing(viewer: Viewer, found: Activity) -> Card:
    errors = reverse("admin:executor_execution_errors")
    return Card(
        name="failing",
        title="Failing most",
        rank=20,
        lines=[_failing_line(viewer, item) for item in found.failing[:LINES]],
        more=Link("Errors and their causes", f"{errors}?window={viewer.window}"),
        empty="No call failed in this time.",
        read="" if found.exact else _NEWEST,
    )


def _failing_line(viewer: Viewer, item: Failing) -> Line:
    address = _of_method(viewer, item.instance, item.method, status__in=_FAILED)
    of = "" if item.calls is None else f" of {item.calls:,}"
    title = f"{item.instance} · {item.method}"
    badge = f"{item.failed:,}{of} failed"
    return Line(title, address, badge, Tone.BAD, item.code, item.last_at)


def _slow(viewer: Viewer, found: Activity) -> Card:
    return Card(
        name="slow",
        title="Slowest",
        rank=30,
        lines=[_slow_line(viewer, item) for item in found.slow[:LINES]],
        more=Link("All executions", listing(MODEL)),
        empty="No call ended in this time." if found.exact else "No call took a second or longer.",
        read="" if found.exact else f"{_NEWEST[:-1]} that took a second or longer.",
    )


def _slow_line(viewer: Viewer, item: Slow) -> Line:
    return Line(
        title=f"{item.instance} · {item.method}",
        url=_of_method(viewer, item.instance, item.method),
        badge=duration(item.p95_ms),
        text=f"95 of 100 within that; calls: {item.calls:,}, longest {duration(item.longest_ms)}",
    )


def _of_method(viewer: Viewer, instance: str, method: str, **more: str) -> str:
    names = {"instance_slug__exact": instance, "method__exact": method, WITHIN: viewer.window}
    return listing(MODEL, **names, **more)


def _latest(viewer: Viewer) -> Card:
    rows = selectors.visible(viewer.caller).order_by("-id")
    columns = ("pk", "instance_slug", "method", "status", "code", "duration_ms", "created_at")
    return Card(
        name="latest",
        title="Latest calls",
        rank=100,
        lines=[_latest_line(row) for row in rows.only(*columns)[:LINES]],
        more=Link("All executions", listing(MODEL)),
        empty="No call yet. Open an instance and try one of its methods.",
    )


def _latest_line(row: Execution) -> Line:
    took = duration(row.duration_ms) if row.duration_ms is not None else ""
    at: datetime = row.created_at
    return Line(
        title=f"{row.instance_slug} · {row.method}",
        url=reverse(f"admin:{MODEL}_change", args=[row.pk]),
        badge=row.get_status_display(),
        tone=_TONES.get(ExecutionStatus(row.status), Tone.QUIET),
        text=", ".join(part for part in (row.code, took) if part),
        at=at,
    )
