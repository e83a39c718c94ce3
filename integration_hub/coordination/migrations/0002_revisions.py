"""The families that caches are keyed by exist from the start, at 0."""

from typing import Any

from django.db import migrations

NAMES = ("registry", "credentials", "access")


def create(apps: Any, _schema_editor: Any) -> None:
    revision = apps.get_model("coordination", "Revision")
    revision.objects.bulk_create([revision(name=name) for name in NAMES], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("coordination", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
