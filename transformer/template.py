"""JSON templates: any JSON, whose texts `"${path}"` and `"${= expression}"` stand for values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from integration_hub.lib import pointers
from integration_hub.lib.errors import Fault
from transformer.compiler import RuleCompiler
from transformer.expressions.expression import Expression
from transformer.faults import MAX_FAULTS
from transformer.making import note, traced
from transformer.paths import (
    EACH,
    MISSING,
    BadPath,
    Place,
    Step,
    WrongShape,
    compile_path,
    expand,
    parse,
)
from transformer.plan import Enough, Refused, Run, Spent, fresh
from transformer.scalars import text_of

MAX_LEAVES = 2_000
_HOLE = re.compile(r"\$\$\{|\$\{(?P<path>[^{}]*)\}")
_EXPRESSION = re.compile(r"\$\{=(?P<text>.*)\}\Z", re.DOTALL)

Get = Callable[[Any, Run], Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One text of the template that stands for a value."""

    number: int
    target: Place
    get: Get
    names: Place

    def value(self, document: Any, run: Run) -> Any:
        """MISSING where there is none; a fault goes to `run`."""
        try:
            return self.get(document, run)
        except WrongShape as wrong:
            detail = f"The path needs an {wrong.expected} here"
            refused = Refused("TYPE", detail, wrong.expected, wrong.value, wrong.at)
        except Refused as caught:
            refused = caught
        note(run, refused, part=self.number, target=self.target, names=self.names)
        if len(run.faults) >= MAX_FAULTS:
            raise Enough
        return MISSING


@dataclass(slots=True)
class Template:
    """A member whose value is missing is left out of its object; in a list, null stands in
    for it, so that places stay."""

    root: Any = None
    leaves: list[Leaf] = field(default_factory=list)

    def make(self, document: Any, run: Run) -> Any:
        made = _filled(self.root, document, run)
        return None if made is MISSING else made

    def trace(self, document: Any, spent: Spent) -> list[dict[str, Any]]:
        entries = []
        for leaf in self.leaves:
            run = Run(spent=spent)
            value = leaf.value(document, run)
            entries.append(
                traced(leaf.number, leaf.target, value, value, leaf.names, bool(run.faults))
            )
        return entries


def compile_template(template: Any, compiler: RuleCompiler) -> Template:
    """Faults go to the compiler."""
    made = Template()
    made.root = _Builder(compiler, made.leaves).node(template, ())
    return made


def _filled(node: Any, document: Any, run: Run) -> Any:
    if isinstance(node, Leaf):
        return node.value(document, run)
    if isinstance(node, dict):
        pairs = ((name, _filled(inner, document, run)) for name, inner in node.items())
        return {name: value for name, value in pairs if value is not MISSING}
    if isinstance(node, list):
        values = (_filled(inner, document, run) for inner in node)
        return [None if value is MISSING else value for value in values]
    return fresh(node)


@dataclass(slots=True)
class _Builder:
    compiler: RuleCompiler
    leaves: list[Leaf]

    def node(self, part: Any, at: Place) -> Any:
        if isinstance(part, dict):
            for name in part:
                if "${" in name:
                    self._say((*at, name), "A name is no place for ${…}: only values are.")
            return {name: self.node(inner, (*at, name)) for name, inner in part.items()}
        if isinstance(part, list):
            return [self.node(inner, (*at, index)) for index, inner in enumerate(part)]
        if isinstance(part, str) and "${" in part:
            return self._text(part, at)
        return part

    def _text(self, text: str, at: Place) -> Any:
        whole = _EXPRESSION.match(text)
        if whole is not None:
            return self._expression(whole["text"].strip(), at)
        if "${=" in text.replace("$${", ""):
            self._say(at, "An expression stands alone; join texts inside it with `&`.")
            return None
        holes = list(_HOLE.finditer(text))
        if len(holes) == 1 and holes[0][0] == text and holes[0]["path"] is not None:
            steps = self._path(text[2:-1], at)
            return self._leaf(at, _reader(steps), steps)
        if _HOLE.sub("", text).count("${"):
            self._say(at, "A ${ without its }; write $${ for the characters themselves.")
            return None
        return self._mixed(text, holes, at)

    def _mixed(self, text: str, holes: list[re.Match[str]], at: Place) -> Any:
        parts: list[str | Get] = []
        names: list[Step] = []
        end = 0
        for hole in holes:
            parts.append(text[end : hole.start()])
            end = hole.end()
            if hole["path"] is None:
                parts.append("${")
                continue
            steps = self._path(hole["path"], at)
            names += steps
            parts.append(_reader(steps))
        parts.append(text[end:])
        if not any(callable(part) for part in parts):
            return "".join(str(part) for part in parts)
        return self._leaf(at, lambda document, run: _joined(parts, document, run), tuple(names))

    def _expression(self, text: str, at: Place) -> Any:
        found = self.compiler.expression(text, f"/template{pointers.join(at)}")
        if found is None:
            return None
        names = ("secret",) if found.secret else ()
        return self._leaf(at, _evaluator(found), names)

    def _leaf(self, at: Place, get: Get, steps: tuple[Step, ...]) -> Leaf:
        names = tuple(step for step in steps if isinstance(step, str | int))
        leaf = Leaf(len(self.leaves), at, get, names)
        if len(self.leaves) == MAX_LEAVES:
            self._say(at, f"A template has at most {MAX_LEAVES} values.", "LIMIT_SIZE")
        self.leaves.append(leaf)
        return leaf

    def _path(self, text: str, at: Place) -> tuple[Step, ...]:
        try:
            return parse(text)
        except BadPath as error:
            detail = str(error)
            self._say(at, f"{detail[:1].upper()}{detail[1:]}.", "PATH")
            return ()

    def _say(self, at: Place, detail: str, code: str = "INVALID") -> None:
        self.compiler.faults.append(Fault(f"/template{pointers.join(at)}", detail, code))


def _reader(steps: tuple[Step, ...]) -> Get:
    if EACH not in steps:
        read = compile_path(steps)
        return lambda document, _: read(document)
    return lambda document, _: _all(document, steps)


def _all(document: Any, steps: tuple[Step, ...]) -> Any:
    found = expand(document, steps)
    if found is None:
        return MISSING
    return [None if value is MISSING else value for _, value in found]


def _evaluator(expression: Expression) -> Get:
    return expression.value


def _joined(parts: list[str | Get], document: Any, run: Run) -> str:
    return "".join(_pieces(parts, document, run))


def _pieces(parts: list[str | Get], document: Any, run: Run) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
            continue
        value = part(document, run)
        text = None if value is None or value is MISSING else text_of(value)
        if text is None:
            missing = value is None or value is MISSING
            raise Refused(
                "MISSING" if missing else "TYPE",
                "A text needs a value here" if missing else "A text takes single values",
                "text, a number, true or false",
                value,
                (),
            )
        yield text
