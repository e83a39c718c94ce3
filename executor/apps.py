from django.apps import AppConfig

from executor import adapters as adapter_modules
from registry.adapter import adapters


class ExecutorConfig(AppConfig):
    name = "executor"
    label = "executor"
    verbose_name = "Executor"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        adapters.load(adapter_modules)
