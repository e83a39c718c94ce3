from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("coordination", "0004_budgets_and_holds"),
    ]

    operations = [
        migrations.CreateModel(
            name="OperatedRow",
            fields=[
                ("scope", models.CharField(max_length=300, primary_key=True, serialize=False)),
                ("state", models.CharField(max_length=20)),
            ],
        ),
    ]
