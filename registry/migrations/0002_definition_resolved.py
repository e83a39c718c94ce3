from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="definition",
            name="resolved",
            field=models.TextField(blank=True, default="", db_default=""),
        ),
    ]
