from django.db import migrations, models

from integration_hub.coordination.partitions import AddPartitionedIndex


class Migration(migrations.Migration):
    """An index for each filter of the log that finds few rows."""

    atomic = False  # indexes are built beside the writers

    dependencies = [("executor", "0006_log_columns")]

    operations = [
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(fields=["method", "-id"], name="execution_method"),
        ),
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(fields=["caller", "-id"], name="execution_caller"),
        ),
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ["cancelled", "failed", "outcome_unknown", "rejected"])
                ),
                fields=["status", "-id"],
                name="execution_not_completed",
            ),
        ),
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("code__gt", "")), fields=["code", "-id"], name="execution_code"
            ),
        ),
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("duration_ms__gte", 1000)),
                fields=["-id", "duration_ms"],
                name="execution_slow",
            ),
        ),
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("replay_of__isnull", False)),
                fields=["replay_of"],
                name="execution_replay_of",
            ),
        ),
    ]
