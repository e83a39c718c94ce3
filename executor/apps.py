from django.apps import AppConfig
from django.conf import settings

from executor import adapters as adapter_modules
from executor.definition_checks import check_methods
from executor.dependents import unfinished
from integration_hub.lib import pause
from registry.adapter import adapters
from registry.check import definition_checks
from registry.dependents import dependents


class ExecutorConfig(AppConfig):
    name = "executor"
    label = "executor"
    verbose_name = "Executor"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        adapters.load(adapter_modules)
        definition_checks.add("adapter", check_methods)
        dependents.add("executions", unfinished)
        pause.configure(getattr(settings, "HUB_PAUSE_POINTS", ""))
