"""What must be true after every scenario, whatever was killed in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.faults.rig import DEFINITION, FINAL, Rig, wait_for


def settled(rig: Rig, seconds: float) -> None:
    """Wait until nothing is open."""
    wait_for("the end of every execution", lambda: not still_open(rig), seconds=seconds)


def still_open(rig: Rig) -> int:
    statement = "SELECT count(*) FROM executor_execution WHERE NOT status = ANY(%s)"
    return int(rig.query(statement, sorted(FINAL))[0][0])


def outcomes(rig: Rig, accepted: Iterable[str]) -> Counter[str]:
    """How the accepted executions ended; one that is not there counts as `lost`."""
    statement = "SELECT id::text, status FROM executor_execution WHERE id::text = ANY(%s)"
    wanted = list(accepted)
    found = dict(rig.query(statement, wanted))
    return Counter(str(found.get(key, "lost")) for key in wanted)


def unmarked_doubles(rig: Rig) -> int:
    """Calls outside beyond those that the rows account for.

    A safe call may go out once for every counted attempt, any other once at all.
    `/ok` is left out: health checks call it too.
    """
    rows = rig.query("SELECT method, attempts FROM executor_execution")
    beyond = 0
    for path, (safe, methods) in _paths().items():
        mine = [attempts for method, attempts in rows if method in methods]
        allowed = sum(max(attempts, 1) for attempts in mine) if safe else len(mine)
        beyond += max(0, len(rig.hits(path)) - allowed)
    return beyond


def _paths() -> dict[str, tuple[bool, set[str]]]:
    """By path but `/ok`: whether every method that calls it is safe, and which those are."""
    found: dict[str, tuple[bool, set[str]]] = {}
    for name, method in DEFINITION["methods"].items():
        block = method["http"]
        safe, names = found.get(block["path"], (True, set()))
        found[block["path"]] = (safe and block["method"] == "GET", names | {name})
    found.pop("/ok", None)
    return found


LIMITS = {
    "leases of ended executions": (
        "SELECT count(*) FROM executor_execution WHERE lease_until IS NOT NULL "
        "AND status NOT IN ('received', 'queued', 'executing', 'retrying')"
    ),
    "sync keys without their answer": (
        "SELECT count(*) FROM executor_idempotencyrecord r JOIN executor_execution e "
        "ON e.id = r.execution_id WHERE r.status_code IS NULL AND e.mode = 'sync' "
        "AND e.status = 'completed'"
    ),
    "attempts not recorded": (
        "SELECT count(*) FROM executor_execution e WHERE status IN ('completed', 'failed') "
        "AND attempts <> (SELECT count(*) FROM executor_attempt a WHERE a.execution_id = e.id)"
    ),
    "checks that nobody makes": (
        "SELECT count(*) FROM registry_instance "
        "WHERE check_lease_until < now() - interval '5 minutes'"
    ),
}


def leftovers(rig: Rig) -> dict[str, int]:
    """Claims, records and leases that outlived what they were for; all must be 0."""
    return {name: int(rig.query(statement)[0][0]) for name, statement in LIMITS.items()}


def assert_whole(rig: Rig, accepted: Iterable[str]) -> Counter[str]:
    """Nothing lost, nothing doubled, nothing left over; how the accepted ones ended."""
    found = outcomes(rig, accepted)
    assert not set(found) - FINAL, found
    assert unmarked_doubles(rig) == 0
    assert not any(leftovers(rig).values()), leftovers(rig)
    return found
