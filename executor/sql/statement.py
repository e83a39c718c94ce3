"""The statement of a method and the values that are bound to it. Pure.

SQLAlchemy reads the `:names` and writes the place-holders of the driver; a value never
becomes part of the text here. `IN :names` takes a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import NullType

from executor.http.template import refused
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import TransformFailed
from registry.adapter import AdapterCall

MAX_LIST = 1_000  # values of one IN

READING = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"})
WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "CALL"})
FETCHED = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})  # what a cursor can be declared for

_SPACE = r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*"
_VERB = re.compile(rf"{_SPACE}\(*{_SPACE}([A-Za-z]+)", re.DOTALL)
_LISTED = re.compile(r"\bIN\s*:(\w+)\b(?!:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """`names` are all that it binds, `lists` those of them that stand after IN."""

    clause: TextClause
    verb: str
    names: tuple[str, ...]
    lists: frozenset[str]

    @property
    def can_be_fetched(self) -> bool:
        return self.verb in FETCHED


@dataclass(frozen=True, slots=True)
class Bound:
    """The text with the driver's place-holders, and what goes to them: by position or name."""

    text: str
    values: tuple[Any, ...]
    by_name: Mapping[str, Any]


def parse(sql: str) -> Statement:
    """What `sql` is; nothing is checked but its `:names`."""
    clause = text(sql)
    found = clause.compile().params
    lists = frozenset(_LISTED.findall(sql)) & found.keys()
    typed = [bindparam(name, expanding=name in lists, type_=NullType()) for name in found]
    verb = _VERB.match(sql)
    return Statement(
        clause.bindparams(*typed), verb[1].upper() if verb else "", tuple(found), lists
    )


def bind(statement: Statement, call: AdapterCall, dialect: Dialect) -> Bound:
    """Raises ValidationFailed for a value that cannot stand in SQL."""
    given = _given(call)
    values = {
        name: _list(name, given.get(name)) if name in statement.lists else _value(given.get(name))
        for name in statement.names
    }
    compiled = statement.clause.bindparams(**values).compile(
        dialect=dialect, compile_kwargs={"render_postcompile": True}
    )
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - a statement, not DDL
    params: Mapping[str, Any] = compiled.params or {}
    order = compiled.positiontup or ()
    return Bound(str(compiled), tuple(params[name] for name in order), params)


def _given(call: AdapterCall) -> Mapping[str, Any]:
    """The transform's output where there is one, else the parameters; a later page's win."""
    given: Any = call.body if call.has_body else call.parameters
    if given is not None and not isinstance(given, Mapping):
        raise TransformFailed(
            f"The request transform of {call.method.name} must make an object: its members are "
            "bound to the names of the statement."
        )
    return {**(given or {}), **(call.onward.parameters if call.onward else {})}


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise refused(name, "it stands after IN and must be a list of at least one value.")
    if len(value) > MAX_LIST:
        raise refused(name, f"it has more than {MAX_LIST} values.", "RANGE")
    return [_value(item) for item in value]


def _value(value: Any) -> Any:
    """Objects and lists are JSON text, which every one of these databases can take apart."""
    return jsonsafe.dumps_text(value) if isinstance(value, dict | list) else value
