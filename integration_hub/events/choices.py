from django.db.models import TextChoices


class DeliveryStatus(TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class EventType(TextChoices):
    """The catalogue of contract §5."""

    METHOD_EXECUTED = "integration.method.executed"
    METHOD_FAILED = "integration.method.failed"
    CONNECTED = "integration.connected"
    AUTH_FAILED = "integration.auth.failed"
    INSTANCE_STATUS = "integration.instance.status"
    HEALTH_CHANGED = "integration.health.changed"
    CIRCUIT_OPENED = "integration.circuit.opened"
    CIRCUIT_CLOSED = "integration.circuit.closed"
    RATE_LIMIT_EXCEEDED = "integration.rate_limit.exceeded"
    CREDENTIAL_ROTATED = "integration.credential.rotated"
    CREDENTIAL_EXPIRING = "integration.credential.expiring"
    DEFINITION_PUBLISHED = "integration.definition.published"
    WEBHOOK_RECEIVED = "integration.webhook.received"
    SINK_DISABLED = "integration.sink.disabled"
    SINK_RECOVERED = "integration.sink.recovered"
