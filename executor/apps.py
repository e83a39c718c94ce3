from django.apps import AppConfig


class ExecutorConfig(AppConfig):
    name = "executor"
    label = "executor"
    verbose_name = "Executor"
    default_auto_field = "django.db.models.BigAutoField"
