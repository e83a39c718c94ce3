from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbound", "0002_parked_messages"),
    ]

    operations = [
        migrations.AddField(
            model_name="parkedmessage",
            name="limits",
            field=models.TextField(blank=True, default="{}"),
        ),
        migrations.AlterField(
            model_name="receivedhook",
            name="status",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("queued", "Queued"),
                    ("failed", "Failed"),
                    ("discarded", "Discarded"),
                ],
                max_length=12,
            ),
        ),
    ]
