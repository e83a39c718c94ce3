from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that rewrites no row."""

    dependencies = [("executor", "0011_health_history")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="traceparent",
            field=models.CharField(max_length=55, null=True),
        ),
    ]
