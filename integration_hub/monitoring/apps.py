from django.apps import AppConfig
from django.core import checks

from executor.delivery.checks import check_connections
from integration_hub.monitoring import traces


class MonitoringConfig(AppConfig):
    name = "integration_hub.monitoring"
    label = "monitoring"
    verbose_name = "Monitoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(check_connections, "hub")
        traces.enable()
