"""A process remembers so much, for so long, and no more."""

from __future__ import annotations

import os

from integration_hub.lib.kept import Kept


def test_what_is_too_old_is_forgotten(fake_clock) -> None:
    kept: Kept[str, int] = Kept(items=2, seconds=10)
    kept.put("a", 1)
    fake_clock.advance(9)
    assert kept.get("a") == 1
    fake_clock.advance(2)
    assert kept.get("a") is None
    assert len(kept) == 0


def test_the_least_recently_used_goes_first() -> None:
    kept: Kept[str, int] = Kept(items=2, seconds=10)
    kept.put("a", 1)
    kept.put("b", 2)
    kept.get("a")
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)


def test_a_forked_child_starts_with_an_empty_one() -> None:
    kept: Kept[str, int] = Kept(items=2, seconds=10)
    kept.put("a", 1)
    child = os.fork()
    if child == 0:
        os._exit(0 if len(kept) == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert kept.get("a") == 1
