from django.apps import AppConfig

from integration_hub.access import names
from integration_hub.audit.actors import actor_names


class AccessConfig(AppConfig):
    name = "integration_hub.access"
    label = "access"
    verbose_name = "Access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        actor_names.add("token", names.of_tokens)
        actor_names.add("user", names.of_people)
