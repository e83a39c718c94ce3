"""SQL of one INSERT or UPDATE, made by Django's fields and compilers, its shape kept.

What a statement looks like depends on the model and the named fields only, so
that part is built once; a call then costs little more than preparing the values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet, FieldError
from django.db import connections, models
from django.db.models import AutoField, Field, Model, QuerySet
from django.db.models.sql import InsertQuery, UpdateQuery

Compiled = tuple[str, list[Any]]

_Quick = tuple[type, Callable[[Any], Any] | None]
_Fields = tuple[tuple["Field[Any, Any]", _Quick | None], ...]
_PLAIN: dict[type, type] = {
    models.CharField: str,
    models.TextField: str,
    models.BooleanField: bool,
    models.FloatField: float,
    models.IntegerField: int,
    models.PositiveIntegerField: int,
    models.PositiveSmallIntegerField: int,
}


def _naive_text(value: datetime) -> str:
    """As Django keeps a time in SQLite, which has no type for it."""
    return str(value.astimezone(UTC).replace(tzinfo=None))


_MADE: dict[str, dict[type, _Quick]] = {
    "postgresql": {models.UUIDField: (UUID, None), models.DateTimeField: (datetime, None)},
    "sqlite": {
        models.UUIDField: (UUID, attrgetter("hex")),
        models.DateTimeField: (datetime, _naive_text),
    },
}
"""What else the driver is handed, by the database, and how it is made of the value."""


@dataclass(frozen=True, slots=True)
class RowUpdate:
    """An UPDATE by equality, an order of magnitude cheaper to make than a queryset's.

    In `where`, None means IS NULL and a tuple, list or set IN. Values are plain:
    an expression needs a queryset.
    """

    model: type[Model]
    where: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where a model's rows go: its columns, their fields, and the casts of a typed VALUES list.

    `read` takes all values of a row at once; `own` are the fields (and their places)
    that prepare theirs in `pre_save`.
    """

    head: str
    fields: tuple[Field[Any, Any], ...]
    quick: tuple[_Quick | None, ...]
    read: Callable[[Model], tuple[Any, ...]]
    own: tuple[tuple[int, Field[Any, Any]], ...]
    plain: str
    typed: str


def compile_insert(
    connection: Any, rows: Sequence[Model], *, may_exist: bool = False, condition: str = ""
) -> Compiled:
    """One INSERT of rows of one model; with `condition`, only where that is true."""
    shape = _insert_shape(type(rows[0]), connection.alias, rows[0].pk is None)
    texts: list[str] = []
    params: list[Any] = []
    for row in rows:
        first = shape.typed if condition and not texts else shape.plain
        text, values = _row(shape, connection, row, first)
        texts.append(text)
        params += values
    values_sql = "VALUES " + ", ".join(texts)
    if condition:
        values_sql = f"SELECT * FROM ({values_sql}) AS v WHERE {condition}"  # noqa: S608
    suffix = " ON CONFLICT DO NOTHING" if may_exist else ""
    return f"{shape.head} {values_sql}{suffix}", params


def compile_update(
    connection: Any,
    update: tuple[QuerySet[Any], Mapping[str, Any]] | RowUpdate,
    condition: str = "",
) -> Compiled:
    """One UPDATE; with `condition`, only where that is true too."""
    if isinstance(update, RowUpdate):
        return _row_update(connection, update, condition)
    rows, values = update
    if condition:
        rows = rows.extra(where=[condition])  # noqa: S610 - a constant of ours
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(dict(values))
    query.clear_ordering(force=True)
    query.clear_select_clause()
    try:
        sql, params = query.get_compiler(connection.alias).as_sql()
    except EmptyResultSet:
        meta = rows.model._meta
        quote = connection.ops.quote_name
        key = quote(str(meta.pk.column))
        return f"UPDATE {quote(meta.db_table)} SET {key} = {key} WHERE 1 = 0", []  # noqa: S608
    return sql, list(params)


@lru_cache(maxsize=256)
def _insert_shape(model: type[Model], using: str, without_key: bool) -> _Shape:
    connection = connections[using]
    quote = connection.ops.quote_name
    fields = tuple(
        field
        for field in model._meta.concrete_fields
        if not field.generated and not (without_key and isinstance(field, AutoField))
    )
    columns = ", ".join(quote(str(field.column)) for field in fields)
    # A length in a cast would cut what is too long; the column itself refuses it.
    kinds = [re.sub(r"\(.*?\)", "", str(field.db_type(connection))) for field in fields]
    return _Shape(
        head=f"INSERT INTO {quote(model._meta.db_table)} ({columns})",
        fields=fields,
        quick=tuple(_quick(field, connection.vendor) for field in fields),
        # With a second name, so that one column gives a tuple too.
        read=attrgetter(*(str(field.attname) for field in fields), "_state"),
        own=tuple(
            (place, field)
            for place, field in enumerate(fields)
            if type(field).pre_save is not Field.pre_save
        ),
        plain="(" + ", ".join("%s" for _ in fields) + ")",
        typed="(" + ", ".join(f"CAST(%s AS {kind})" for kind in kinds) + ")",
    )


def _quick(field: Field[Any, Any], vendor: str) -> _Quick | None:
    """The type whose values this field hands to the driver as they are, or how it does.

    Asking the field itself costs more than everything else of a statement, and
    most columns of a call are text.
    """
    plain = _PLAIN.get(type(field))
    return _MADE.get(vendor, {}).get(type(field)) if plain is None else (plain, None)


def _row(shape: _Shape, connection: Any, row: Model, text: str) -> Compiled:
    # First and in the fields' order: a sealed field's pre_save sets the column of its key.
    own = [(place, field.pre_save(row, add=True)) for place, field in shape.own]
    values = list(shape.read(row)[:-1])
    for place, value in own:
        values[place] = value
    prepared: list[Any] = []
    for field, quick, value in zip(shape.fields, shape.quick, values, strict=True):
        if quick is not None and value is None:
            prepared.append(None)
        elif quick is not None and type(value) is quick[0]:
            prepared.append(value if quick[1] is None else quick[1](value))
        elif hasattr(value, "resolve_expression"):
            return _row_with_expressions(shape, connection, row, values)
        else:
            prepared.append(field.get_db_prep_save(value, connection))
    return text, prepared


def _row_with_expressions(
    shape: _Shape, connection: Any, row: Model, values: Sequence[Any]
) -> Compiled:
    compiler: Any = InsertQuery(type(row)).get_compiler(connection.alias)
    texts: list[str] = []
    params: list[Any] = []
    for field, value in zip(shape.fields, values, strict=True):
        prepared = compiler.prepare_value(field, value)
        text, found = compiler.field_as_sql(field, None, prepared)
        kind = re.sub(r"\(.*?\)", "", str(field.db_type(connection)))
        texts.append(f"CAST({text} AS {kind})" if connection.vendor == "postgresql" else text)
        params += found
    return f"({', '.join(texts)})", params


def _row_update(connection: Any, update: RowUpdate, condition: str) -> Compiled:
    where = {
        name: tuple(value) if isinstance(value, list | set | frozenset) else value
        for name, value in update.where.items()
    }
    arity = tuple(
        (name, len(value) if isinstance(value, tuple) else None if value is None else -1)
        for name, value in where.items()
    )
    sql, set_fields, where_fields = _update_shape(
        update.model, connection.alias, tuple(update.values), arity
    )
    params = [
        _prepared(field, quick, value, connection)
        for (field, quick), value in zip(set_fields, update.values.values(), strict=True)
    ]
    for (field, quick), value in zip(where_fields, where.values(), strict=True):
        items = value if isinstance(value, tuple) else () if value is None else (value,)
        params += [_prepared(field, quick, item, connection) for item in items]
    return (f"{sql} AND {condition}" if condition else sql), params


def _prepared(field: Field[Any, Any], quick: _Quick | None, value: Any, connection: Any) -> Any:
    if value is None:
        return None
    if quick is not None and type(value) is quick[0]:
        return value if quick[1] is None else quick[1](value)
    if hasattr(value, "resolve_expression"):
        raise FieldError(f"{field.name} is set to an expression: use a queryset")
    return field.get_db_prep_save(value, connection)


@lru_cache(maxsize=1024)
def _update_shape(
    model: type[Model],
    using: str,
    names: tuple[str, ...],
    arity: tuple[tuple[str, int | None], ...],
) -> tuple[str, _Fields, _Fields]:
    quote = connections[using].ops.quote_name
    set_fields = tuple(_field(model, name) for name in names)
    where_fields = tuple(_field(model, name) for name, _ in arity)
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in set_fields)
    tests = []
    for field, (_, count) in zip(where_fields, arity, strict=True):
        column = quote(str(field.column))
        if count is None:
            tests.append(f"{column} IS NULL")
        elif count < 0:
            tests.append(f"{column} = %s")
        else:
            tests.append(f"{column} IN ({', '.join(['%s'] * count)})" if count else "1 = 0")
    table = quote(model._meta.db_table)
    vendor = connections[using].vendor

    def quickly(fields: Sequence[Field[Any, Any]]) -> _Fields:
        return tuple((field, _quick(field, vendor)) for field in fields)

    sql = f"UPDATE {table} SET {sets} WHERE {' AND '.join(tests)}"  # noqa: S608 - our own names
    return sql, quickly(set_fields), quickly(where_fields)


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if not isinstance(found, Field):
        raise FieldError(f"{model.__name__}.{name} is not a column")
    return found
