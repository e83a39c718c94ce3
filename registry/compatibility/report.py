"""The whole comparison: every change, the verdict, and whether the version number fits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from registry.compatibility.auth import auth_changes, host_changes
from registry.compatibility.change import Change, Kind
from registry.compatibility.members import member_changes
from registry.compatibility.methods import method_changes
from registry.compatibility.versions import may_break
from registry.spec import DefinitionSpec

MOST_CHANGES = 1_000


class Verdict(StrEnum):
    IDENTICAL = "identical"
    COMPATIBLE = "compatible"
    BREAKING = "breaking"


@dataclass(frozen=True, slots=True)
class Report:
    """`changes`: those that break first, at most 1,000. `honest`: the version step fits them."""

    changes: tuple[Change, ...]
    verdict: Verdict
    honest: bool

    @property
    def breaking(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind is Kind.BREAKING)


def compare(old: DefinitionSpec, new: DefinitionSpec) -> Report:
    """What a user of `old` finds changed in `new`."""
    found = dict.fromkeys(
        (
            *member_changes(old, new),
            *auth_changes(old, new),
            *host_changes(old, new),
            *method_changes(old, new),
        )
    )
    breaking = [change for change in found if change.kind is Kind.BREAKING]
    others = [change for change in found if change.kind is Kind.COMPATIBLE]
    verdict = Verdict.BREAKING if breaking else Verdict.COMPATIBLE if others else Verdict.IDENTICAL
    honest = not breaking or may_break(old.version, new.version)
    return Report((*breaking, *others)[:MOST_CHANGES], verdict, honest)
