from django.apps import AppConfig

from integration_hub.events import sinks as folder
from integration_hub.events.sink import sinks


class EventsConfig(AppConfig):
    name = "integration_hub.events"
    label = "events"
    verbose_name = "Events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        sinks.load(folder)
