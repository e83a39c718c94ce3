"""An audit log that takes no row, and what the database holds meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from integration_hub.coordination import operated
from registry.models import Instance

TABLE = "audit_auditentry"
_RAISE = """
CREATE FUNCTION audit_blocked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE EXCEPTION 'canceling statement due to lock timeout' USING ERRCODE = '55P03'; END $$"""
_BEFORE_INSERT = f"CREATE TRIGGER audit_blocked BEFORE INSERT ON {TABLE} "
_BLOCK = {
    "postgresql": (_RAISE, _BEFORE_INSERT + "FOR EACH ROW EXECUTE FUNCTION audit_blocked()"),
    # An OperationalError as well: the trigger reads a table that is not there.
    "sqlite": (_BEFORE_INSERT + "BEGIN SELECT * FROM absent; END",),  # noqa: S608 - ours
}
_FREE = {
    "postgresql": (f"DROP TRIGGER audit_blocked ON {TABLE}", "DROP FUNCTION audit_blocked()"),
    "sqlite": ("DROP TRIGGER audit_blocked",),
}


@contextmanager
def blocked() -> Iterator[None]:
    """No audit row can be inserted: as when its table is locked for longer than one waits."""
    _run(_BLOCK)
    try:
        yield
    finally:
        _run(_FREE)


def everything() -> dict[str, list[str]]:
    """Every row of every table, and the circuits, which may be kept elsewhere."""
    quoted = connection.ops.quote_name
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {quoted(table)}")  # noqa: S608 - a name of the catalogue
            found[table] = sorted(map(repr, cursor.fetchall()))
    found["circuits"] = [
        f"{state.scope} {state.state}"
        for key in Instance.objects.values_list("pk", flat=True)
        for state in operated.states(f"{key}:")
    ]
    return found


def _run(statements: dict[str, tuple[str, ...]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
