"""Compiled rules as frozen data, and what one run of them gathers."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from integration_hub.lib import clock
from transformer.faults import TransformFault
from transformer.paths import Place, Read
from transformer.targets import Write
from transformer.types import Convert

if TYPE_CHECKING:
    from transformer.expressions.expression import Expression  # it raises what stands here


class _Skip:
    __slots__ = ()


SKIP: Final = _Skip()  # nothing is written
# Where an element stands: (its place in the input, its place in the result).
At = tuple[Place, Place]
ROOT: Final[At] = ((), ())


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the value: a value transform, or the conversion to the rule's type."""

    name: str
    apply: Callable[[Any], Any]
    takes_lists: bool


# The rules of an `each`, for one element: (element, run, its places) → its result.
Inner = Callable[[Any, "Run", At], Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """`index` is that of the outermost rule, `own` the source without [*]; `expr` stands
    in for `read`.

    `quick`: all that happens to a value is this. `direct`: that, of a rule with a plain source
    and no condition, which is most of them. `spreads`: the source has [*].
    """

    index: int
    target: Place
    write: Write
    source: tuple[Any, ...] | None
    own: Place
    read: Read
    expr: Expression | None
    transforms: tuple[Step, ...]
    convert: Step | None
    quick: Convert | None
    direct: Convert | None
    spreads: bool
    cardinality: str | None
    required: bool
    on_missing: str
    on_error: str
    default: Any
    when: Read | None
    each: Inner | None


@dataclass(frozen=True, slots=True)
class RuleSet:
    rules: tuple[Rule, ...]
    is_list: bool  # the result starts as an array


@dataclass(slots=True)
class Spent:
    """The seconds that the expressions of one run have used, of those they share."""

    seconds: float = 0.0


@dataclass(slots=True)
class Run:
    """What one run has found. `failed` stays False where `on_error` let every fault pass."""

    faults: list[TransformFault] = field(default_factory=list)
    failed: bool = False
    ends_at: float | None = None
    spent: Spent = field(default_factory=Spent)

    def left(self) -> float | None:
        """Seconds until the run's own limit."""
        return None if self.ends_at is None else self.ends_at - clock.monotonic()


class Refused(Exception):
    """A value is not acceptable at a rule; `place` is within the element that the rule reads."""

    def __init__(self, code: str, detail: str, expected: str, value: Any, place: Place) -> None:
        super().__init__(detail)
        self.code, self.detail, self.expected = code, detail, expected
        self.value, self.place = value, place


class Enough(Exception):
    """The most faults that are reported have been found, or time is up."""


def fresh(value: Any) -> Any:
    """A constant of the spec; containers are copied, so that no result can change the spec."""
    return deepcopy(value) if isinstance(value, dict | list) else value
