from django.apps import AppConfig

from registry.check import definition_checks
from registry.definition_checks import check_definition


class RegistryConfig(AppConfig):
    name = "registry"
    label = "registry"
    verbose_name = "Registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        definition_checks.add("registry", check_definition)
