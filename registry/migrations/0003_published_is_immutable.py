"""What was published never changes, whoever writes to the table.

SQLite forgets a table's triggers when Django rebuilds the table: a later migration
that alters a column of it has to create this one again.
"""

from typing import Any

from django.db import migrations

COLUMNS = ("slug", "version", "type", "document", "resolved", "digest")
MESSAGE = "a published definition never changes: create a new version"

POSTGRESQL = f"""
CREATE FUNCTION registry_definition_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER registry_definition_immutable BEFORE UPDATE ON registry_definition
FOR EACH ROW WHEN (
    OLD.status <> 'draft' AND (
        NEW.status = 'draft' OR {" OR ".join(f"NEW.{c} IS DISTINCT FROM OLD.{c}" for c in COLUMNS)}
    )
) EXECUTE FUNCTION registry_definition_is_immutable();
"""
SQLITE = f"""
CREATE TRIGGER registry_definition_immutable BEFORE UPDATE ON registry_definition
FOR EACH ROW WHEN
    OLD.status <> 'draft' AND (
        NEW.status = 'draft' OR {" OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in COLUMNS)}
    )
BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
"""


def create(_apps: Any, schema_editor: Any) -> None:
    on_sqlite = schema_editor.connection.vendor == "sqlite"
    schema_editor.execute(SQLITE if on_sqlite else POSTGRESQL, params=None)


def drop(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER registry_definition_immutable")
    else:
        schema_editor.execute("DROP FUNCTION registry_definition_is_immutable() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_definition_resolved")]

    operations = [migrations.RunPython(create, drop)]
