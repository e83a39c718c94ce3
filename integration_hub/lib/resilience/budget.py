"""The retry budget: how many calls may be tries again, out of those that are first tries.

Without one, an outage is answered with a multiple of the load that caused it
(Google's SRE book, "Handling Overload"). The state is a sliding minute in slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

WINDOW_S = 60.0
SLOT_S = 5.0
SHARE = 0.1
FLOOR = 3
_SLOTS = int(WINDOW_S / SLOT_S)

Entry = tuple[int, int, int]


def slot_of(now: float) -> int:
    return int(now // SLOT_S)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a minute holds: (slot, first tries, retries), oldest first."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def of_text(cls, text: str) -> Budget:
        parts = (entry.split(":") for entry in text.split(";") if entry)
        return cls(tuple((int(slot), int(firsts), int(again)) for slot, firsts, again in parts))

    @property
    def text(self) -> str:
        return ";".join(f"{slot}:{firsts}:{again}" for slot, firsts, again in self.entries)

    @property
    def firsts(self) -> int:
        return sum(entry[1] for entry in self.entries)

    @property
    def retries(self) -> int:
        return sum(entry[2] for entry in self.entries)

    def at(self, now: float, firsts: Mapping[int, int]) -> Budget:
        """With first tries added by slot, and without what is older than the window.

        Slots of the near future are those of others who looked at a clock later, or at one
        that goes ahead: they count. Those further off are of a clock that was set back.
        """
        return Budget(tuple(_near(now, [*self.entries, *_entries(firsts)])))

    def allows(self, *, floor: int = FLOOR) -> bool:
        """Whether one more retry stays within the share, or within `floor` a window."""
        return self.retries + 1 <= max(floor, SHARE * self.firsts)

    def spent(self, now: float) -> Budget:
        """With one more retry."""
        return replace(self, entries=tuple(_near(now, [*self.entries, (slot_of(now), 0, 1)])))


def _entries(firsts: Mapping[int, int]) -> Iterable[Entry]:
    return ((slot, number, 0) for slot, number in firsts.items())


def _near(now: float, entries: Iterable[Entry]) -> Iterable[Entry]:
    here = slot_of(now)
    sums: dict[int, tuple[int, int]] = {}
    for slot, firsts, again in entries:
        if abs(slot - here) < _SLOTS:
            before = sums.get(slot, (0, 0))
            sums[slot] = (before[0] + firsts, before[1] + again)
    return ((slot, *sums[slot]) for slot in sorted(sums))
