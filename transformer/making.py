"""What makes a whole document at once, and the one that is an expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from transformer.expressions.expression import Expression
from transformer.faults import TransformFault, shown
from transformer.paths import MISSING, Place, to_text
from transformer.plan import Refused, Run, Spent


class Making(Protocol):
    def make(self, document: Any, run: Run) -> Any:
        """The new document. Faults go to `run`; raises Enough when no more are wanted."""

    def trace(self, document: Any, spent: Spent) -> list[dict[str, Any]]:
        """What each part read and gave, values cut and masked."""


@dataclass(frozen=True, slots=True)
class WholeExpression:
    """`expression` of a spec. JSONata's undefined is null here: a document is something."""

    expression: Expression

    def make(self, document: Any, run: Run) -> Any:
        try:
            value = self.expression.value(document, run)
        except Refused as refused:
            note(run, refused)
            return None
        return None if value is MISSING else value

    def trace(self, document: Any, spent: Spent) -> list[dict[str, Any]]:
        run = Run(spent=spent)
        value = self.make(document, run)
        names = ("secret",) if self.expression.secret else ()
        return [traced(0, (), document, value, names, bool(run.faults))]


def note(
    run: Run, refused: Refused, *, part: int | None = None, target: Place = (), names: Place = ()
) -> None:
    """A fault of the run. `names` are those on the way to the value, which may sound secret."""
    run.failed = True
    run.faults.append(
        TransformFault(
            "",
            f"{refused.detail}.",
            refused.code,
            rule=part,
            target=to_text(target, "") or "$",
            value=None if refused.value is MISSING else shown(refused.value, (*names, *target)),
            expected=refused.expected,
        )
    )


def traced(
    part: int, target: Place, read: Any, gave: Any, names: Place, failed: bool
) -> dict[str, Any]:
    """One entry of a trace. `names` are those on the way to what was read."""
    return {
        "rule": part,
        "target": to_text(target, "") or "$",
        "found": read is not MISSING,
        "read": None if read is MISSING else shown(read, (*names, *target)),
        "written": gave is not MISSING and not failed,
        "wrote": None if gave is MISSING or failed else shown(gave, (*names, *target)),
        "errors": int(failed),
    }
