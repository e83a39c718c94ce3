"""SQL of one INSERT or UPDATE, made by Django's fields and compilers, its shape kept.

What a statement looks like depends on the model and the named fields only, so
that part is built once; a call then costs little more than preparing the values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet, FieldError
from django.db import connections, models
from django.db.models import AutoField, Field, Model, QuerySet
from django.db.models.sql import InsertQuery, UpdateQuery

Compiled = tuple[str, list[Any]]

_PLAIN: dict[type, type] = {
    models.CharField: str,
    models.TextField: str,
    models.BooleanField: bool,
    models.FloatField: float,
}


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
    plain_types: tuple[type | None, ...]
    read: Callable[[Model], tuple[Any, ...]]
    own: tuple[tuple[int, Field[Any, Any]], ...]
    plain: str
    typed: str


def compile_insert(
    using: str, rows: Sequence[Model], *, may_exist: bool = False, condition: str = ""
) -> Compiled:
    """One INSERT of rows of one model; with `condition`, only where that is true."""
    shape = _insert_shape(type(rows[0]), using, rows[0].pk is None)
    texts: list[str] = []
    params: list[Any] = []
    for row in rows:
        first = shape.typed if condition and not texts else shape.plain
        text, values = _row(shape, using, row, first)
        texts.append(text)
        params += values
    values_sql = "VALUES " + ", ".join(texts)
    if condition:
        values_sql = f"SELECT * FROM ({values_sql}) AS v WHERE {condition}"  # noqa: S608
    suffix = " ON CONFLICT DO NOTHING" if may_exist else ""
    return f"{shape.head} {values_sql}{suffix}", params


def compile_update(
    using: str, update: tuple[QuerySet[Any], Mapping[str, Any]] | RowUpdate, condition: str = ""
) -> Compiled:
    """One UPDATE; with `condition`, only where that is true too."""
    if isinstance(update, RowUpdate):
        return _row_update(using, update, condition)
    rows, values = update
    if condition:
        rows = rows.extra(where=[condition])  # noqa: S610 - a constant of ours
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(dict(values))
    query.clear_ordering(force=True)
    query.clear_select_clause()
    try:
        sql, params = query.get_compiler(using).as_sql()
    except EmptyResultSet:
        meta = rows.model._meta
        quote = connections[using].ops.quote_name
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
        plain_types=tuple(_plain_type(field, connection.vendor) for field in fields),
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


def _plain_type(field: Field[Any, Any], vendor: str) -> type | None:
    """The type whose values this field hands to the driver as they are.

    Asking the field itself costs more than everything else of a statement, and
    most columns of a call are text.
    """
    if vendor == "postgresql" and type(field) is models.UUIDField:
        return UUID
    return _PLAIN.get(type(field))


def _row(shape: _Shape, using: str, row: Model, text: str) -> Compiled:
    connection = connections[using]
    # First and in the fields' order: a sealed field's pre_save sets the column of its key.
    own = [(place, field.pre_save(row, add=True)) for place, field in shape.own]
    values = list(shape.read(row)[:-1])
    for place, value in own:
        values[place] = value
    prepared = []
    for field, plain, value in zip(shape.fields, shape.plain_types, values, strict=True):
        if plain is not None and (value is None or type(value) is plain):
            prepared.append(value)
        elif hasattr(value, "resolve_expression"):
            return _row_with_expressions(shape, using, row, values)
        else:
            prepared.append(field.get_db_prep_save(value, connection))
    return text, prepared


def _row_with_expressions(shape: _Shape, using: str, row: Model, values: Sequence[Any]) -> Compiled:
    compiler: Any = InsertQuery(type(row)).get_compiler(using)
    texts: list[str] = []
    params: list[Any] = []
    for field, value in zip(shape.fields, values, strict=True):
        prepared = compiler.prepare_value(field, value)
        text, found = compiler.field_as_sql(field, None, prepared)
        kind = re.sub(r"\(.*?\)", "", str(field.db_type(connections[using])))
        texts.append(
            f"CAST({text} AS {kind})" if connections[using].vendor == "postgresql" else text
        )
        params += found
    return f"({', '.join(texts)})", params


def _row_update(using: str, update: RowUpdate, condition: str) -> Compiled:
    where = {
        name: tuple(value) if isinstance(value, list | set | frozenset) else value
        for name, value in update.where.items()
    }
    arity = tuple(
        (name, len(value) if isinstance(value, tuple) else None if value is None else -1)
        for name, value in where.items()
    )
    sql, set_fields, where_fields = _update_shape(update.model, using, tuple(update.values), arity)
    connection = connections[using]
    params: list[Any] = []
    for field, value in zip(set_fields, update.values.values(), strict=True):
        if value is None or type(value) is _PLAIN.get(type(field)):
            params.append(value)
            continue
        if hasattr(value, "resolve_expression"):
            raise FieldError(f"{field.name} is set to an expression: use a queryset")
        params.append(field.get_db_prep_save(value, connection))
    for field, value in zip(where_fields, where.values(), strict=True):
        items = value if isinstance(value, tuple) else () if value is None else (value,)
        params += [field.get_db_prep_value(item, connection) for item in items]
    return (f"{sql} AND {condition}" if condition else sql), params


@lru_cache(maxsize=1024)
def _update_shape(
    model: type[Model],
    using: str,
    names: tuple[str, ...],
    arity: tuple[tuple[str, int | None], ...],
) -> tuple[str, tuple[Field[Any, Any], ...], tuple[Field[Any, Any], ...]]:
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
    return f"UPDATE {table} SET {sets} WHERE {' AND '.join(tests)}", set_fields, where_fields  # noqa: S608


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if not isinstance(found, Field):
        raise FieldError(f"{model.__name__}.{name} is not a column")
    return found
