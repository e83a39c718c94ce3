from django.db import migrations, models

from integration_hub.coordination.partitions import AddPartitionedIndex


class Migration(migrations.Migration):
    """An index of what did not complete, by instance: few rows, and what people look for."""

    atomic = False  # indexes are built beside the writers

    dependencies = [("executor", "0008_changes_of_providers")]

    operations = [
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ["cancelled", "failed", "outcome_unknown", "rejected"])
                ),
                fields=["instance_slug", "status", "-id"],
                name="execution_of_not_completed",
            ),
        ),
    ]
