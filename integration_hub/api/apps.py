from django.apps import AppConfig
from django.core.checks import register

from integration_hub.api.checks import TAG, check_production
from integration_hub.egress.checks import check_outbound


class ApiConfig(AppConfig):
    name = "integration_hub.api"
    label = "api"
    verbose_name = "API"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(check_production, TAG)
        register(check_outbound, TAG)  # egress is no app of its own
