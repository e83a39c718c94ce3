from django.db.models import TextChoices


class DefinitionStatus(TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    ARCHIVED = "archived"


EXECUTABLE_DEFINITIONS = frozenset({DefinitionStatus.PUBLISHED, DefinitionStatus.DEPRECATED})


class InstanceState(TextChoices):
    PENDING_CONFIGURATION = "pending_configuration"
    PENDING_AUTHENTICATION = "pending_authentication"
    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    AUTH_ERROR = "auth_error"
    CONFIG_ERROR = "config_error"


NOT_EXECUTABLE_STATES = frozenset(
    {
        InstanceState.PENDING_CONFIGURATION,
        InstanceState.PENDING_AUTHENTICATION,
        InstanceState.CONFIG_ERROR,
    }
)


class Health(TextChoices):
    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class ContextType(TextChoices):
    GLOBAL = "global"
    CLIENT = "client"
    USER = "user"


class AdapterState(TextChoices):
    REGISTERED = "registered"
    ACTIVE = "active"
    DISABLED = "disabled"
