from django.apps import AppConfig
from django.conf import settings

from executor import adapters as adapter_modules
from executor import upgrade_preview
from executor.definition_checks import check_methods, warn_of_methods
from executor.dependents import unfinished
from integration_hub.lib import pause
from registry.adapter import adapters
from registry.check import definition_checks, definition_warnings
from registry.dependents import dependents
from registry.recorded import recorded_calls


class ExecutorConfig(AppConfig):
    name = "executor"
    label = "executor"
    verbose_name = "Executor"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        adapters.load(adapter_modules)
        definition_checks.add("adapter", check_methods)
        definition_warnings.add("adapter", warn_of_methods)
        dependents.add("executions", unfinished)
        recorded_calls.add("executions", upgrade_preview.recorded)
        pause.configure(getattr(settings, "HUB_PAUSE_POINTS", ""))
