from django.apps import AppConfig
from django.core.checks import register

from integration_hub.coordination.checks import check_cache, check_queue, check_redis_url


class CoordinationConfig(AppConfig):
    name = "integration_hub.coordination"
    label = "coordination"
    verbose_name = "Coordination"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(check_queue, "hub")
        register(check_cache, "hub")
        register(check_redis_url, "hub")
