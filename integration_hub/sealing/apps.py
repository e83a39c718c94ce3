from django.apps import AppConfig
from django.core import checks

from integration_hub.sealing.checks import TAG, check_keys, check_keys_in_use, check_stock_fields


class SealingConfig(AppConfig):
    name = "integration_hub.sealing"
    label = "sealing"
    verbose_name = "Sealing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(check_keys, TAG)
        checks.register(check_stock_fields, checks.Tags.models)
        checks.register(check_keys_in_use, checks.Tags.database)
