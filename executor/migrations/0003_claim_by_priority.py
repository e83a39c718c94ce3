from django.db import migrations, models

from integration_hub.coordination.partitions import AddPartitionedIndex


class Migration(migrations.Migration):
    """The claim's own index, by queue and due time, and one of the few rows that run alone."""

    atomic = False  # indexes are built beside the writers

    dependencies = [("executor", "0002_answers_of_several_requests")]

    operations = [
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("status__in", ["queued", "retrying"])),
                fields=["priority", "due_at"],
                name="execution_claim",
            ),
        ),
        AddPartitionedIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ["queued", "retrying"]),
                    models.Q(("suspect", True), ("deaths__gt", 0), _connector="OR"),
                ),
                fields=["due_at"],
                name="execution_suspect",
            ),
        ),
        migrations.RemoveIndex(model_name="execution", name="execution_due"),
    ]
