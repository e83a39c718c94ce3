"""A sink from the start, so that events are seen before anyone configures one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME = "log"


def add(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    sinks = apps.get_model("events", "EventSink").objects.using(schema_editor.connection.alias)
    if not sinks.exists():
        sinks.create(name=NAME, type="log", config="{}", filters="{}")


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop, elidable=False)]
