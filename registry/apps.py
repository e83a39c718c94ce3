from django.apps import AppConfig

from integration_hub.events.labels import label_sources
from integration_hub.events.subjects import subject_rules
from registry import importers as importers_package
from registry.check import definition_checks
from registry.definition_checks import check_definition
from registry.event_subjects import labels_of, visible_subjects
from registry.importer import importers


class RegistryConfig(AppConfig):
    name = "registry"
    label = "registry"
    verbose_name = "Registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        definition_checks.add("registry", check_definition)
        importers.load(importers_package)
        subject_rules.add("instances", visible_subjects)
        label_sources.add("instances", labels_of)
