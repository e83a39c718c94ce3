from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "integration_hub.coordination"
    label = "coordination"
    verbose_name = "Coordination"
    default_auto_field = "django.db.models.BigAutoField"
