"""Named points at which a test may hold the code, so that a race is forced and not hoped for.

`HUB_PAUSE_POINTS` is empty in service and then a point costs one look-up. A test
names points there: `"after-insert=/tmp/go"` waits (at most `LONGEST_S`) until that
file exists; a test in the same process registers a callable with `at`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_S = 30.0
_STEP_S = 0.01

_points: dict[str, Callable[[], None]] = {}


def point(name: str) -> None:
    """Hold here if a test asked for it."""
    if _points:
        hook = _points.get(name)
        if hook is not None:
            hook()


def configure(spec: str) -> None:
    """Take `name=/path,…`: each named point touches `path.reached`, then waits for `path`."""
    for item in filter(None, (part.strip() for part in spec.split(","))):
        name, _, path = item.partition("=")
        _points[name] = _waiter(Path(path))


@contextmanager
def at(name: str, hook: Callable[[], None]) -> Iterator[None]:
    """Run `hook` at the point while the block runs."""
    _points[name] = hook
    try:
        yield
    finally:
        _points.pop(name, None)


def _waiter(path: Path) -> Callable[[], None]:
    def wait() -> None:
        path.with_name(path.name + ".reached").touch()
        end = time.monotonic() + LONGEST_S
        while not path.exists() and time.monotonic() < end:
            time.sleep(_STEP_S)

    return wait
