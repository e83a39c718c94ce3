from django.apps import AppConfig

from integration_hub.events.subjects import subject_rules
from registry.check import definition_checks
from registry.definition_checks import check_definition
from registry.event_subjects import visible_subjects


class RegistryConfig(AppConfig):
    name = "registry"
    label = "registry"
    verbose_name = "Registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        definition_checks.add("registry", check_definition)
        subject_rules.add("instances", visible_subjects)
