"""A column that a search looks into, names of methods included, and indexes for long lists.

Where PostgreSQL's extension for trigrams is not there or may not be created, a search reads
every row's column: create the extension and the index by hand (docs/operations.md).
"""

import json
from importlib import import_module
from typing import Any

from django.db import DatabaseError, migrations, models, transaction

from registry.search import SearchTextField

immutable = import_module("registry.migrations.0003_published_is_immutable")


def fill(apps: Any, _schema_editor: Any) -> None:
    """Row by row: a document may be megabytes."""
    definitions = apps.get_model("registry", "Definition").objects
    for key in list(definitions.values_list("pk", flat=True)):
        row = definitions.get(pk=key)
        methods = json.loads(row.resolved or row.document).get("methods", {})
        parts = (row.slug, row.name, row.description, *row.tags.split(","), *methods)
        definitions.filter(pk=key).update(search_text="\n".join(parts))


def index(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":  # it made the table anew, without its trigger
        schema_editor.execute("DROP TRIGGER IF EXISTS registry_definition_immutable")
        immutable.create(None, schema_editor)
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return
    schema_editor.execute(
        "CREATE INDEX definition_searched ON registry_definition "
        "USING gin (search_text gin_trgm_ops)"
    )


def unindex(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS definition_searched")


class Migration(migrations.Migration):
    dependencies = [("registry", "0006_staged_imports")]

    operations = [
        migrations.AddField(
            model_name="definition",
            name="search_text",
            field=SearchTextField(blank=True, db_default="", default=""),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="definition",
            index=models.Index(fields=["slug", "-id"], name="definition_listed"),
        ),
        migrations.RunPython(index, unindex),
    ]
