from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

import integration_hub.lib.clock
import integration_hub.lib.ids


def check_every_instance(apps: Any, _: Any) -> None:
    """Those of definitions without a health method are checked too: by reaching them."""
    rows = apps.get_model("registry", "Instance").objects.filter(check_due_at=None)
    rows.update(check_due_at=Now())


class Migration(migrations.Migration):
    dependencies = [
        ("executor", "0010_credential_tests"),
        ("registry", "0007_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="HealthStatus",
            fields=[
                (
                    "instance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="health_status",
                        serialize=False,
                        to="registry.instance",
                    ),
                ),
                (
                    "announced",
                    models.CharField(
                        choices=[
                            ("unknown", "Unknown"),
                            ("healthy", "Healthy"),
                            ("degraded", "Degraded"),
                            ("unhealthy", "Unhealthy"),
                        ],
                        default="unknown",
                        max_length=12,
                    ),
                ),
                ("slows", models.PositiveIntegerField(default=0)),
                ("answers", models.PositiveIntegerField(default=0)),
                ("relapses", models.PositiveSmallIntegerField(default=0)),
                ("recovered_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("duration_ms", models.FloatField(null=True)),
                ("host", models.CharField(blank=True, db_index=True, default="", max_length=260)),
                ("certificate_ends_at", models.DateTimeField(null=True)),
                ("certificate_seen_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="healthcheckresult",
            name="maintenance",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="healthcheckresult",
            name="slow",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="HealthSilence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=integration_hub.lib.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("maintenance", "Maintenance"), ("silence", "Silence")],
                        max_length=12,
                    ),
                ),
                ("starts_at", models.DateTimeField(default=integration_hub.lib.clock.now)),
                ("ends_at", models.DateTimeField(db_index=True)),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("created_by", models.CharField(editable=False, max_length=200)),
                (
                    "created_at",
                    models.DateTimeField(default=integration_hub.lib.clock.now, editable=False),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registry.instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "maintenance or silence",
                "verbose_name_plural": "maintenance and silences",
                "ordering": ["-starts_at"],
            },
        ),
        migrations.CreateModel(
            name="HealthRollup",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=integration_hub.lib.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "grain",
                    models.CharField(
                        choices=[("minute", "minute"), ("hour", "hour"), ("day", "day")],
                        max_length=6,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("good", models.PositiveIntegerField(default=0)),
                ("slow", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("excluded", models.PositiveIntegerField(default=0)),
                ("calls", models.PositiveIntegerField(default=0)),
                ("calls_failed", models.PositiveIntegerField(default=0)),
                ("latencies", models.CharField(blank=True, default="", max_length=400)),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registry.instance",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["grain", "at"], name="health_rollup_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("instance", "grain", "at"), name="health_rollup_once"
                    )
                ],
            },
        ),
        migrations.RunPython(check_every_instance, migrations.RunPython.noop),
    ]
