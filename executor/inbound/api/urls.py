"""Addresses below /api/v1: where hooks come in, what came, what is parked, and their secrets."""

from django.urls import path

from executor.inbound.api.hook_views import HookView
from executor.inbound.api.parked_views import ParkedMessageViewSet
from executor.inbound.api.views import HookSecretsView, HookSecretView, WebhookViewSet

urlpatterns = [
    path("hooks/<str:instance>", HookView.as_view(), name="hook"),
    path("webhooks", WebhookViewSet.as_view({"get": "list"}), name="webhooks"),
    path("webhooks/<uuid:webhook_id>", WebhookViewSet.as_view({"get": "retrieve"}), name="webhook"),
    path(
        "webhooks/<uuid:webhook_id>/process",
        WebhookViewSet.as_view({"post": "process"}),
        name="webhook-process",
    ),
    path(
        "webhooks/<uuid:webhook_id>/discard",
        WebhookViewSet.as_view({"post": "discard"}),
        name="webhook-discard",
    ),
    path("parked-messages", ParkedMessageViewSet.as_view({"get": "list"}), name="parked-messages"),
    path(
        "parked-messages/<uuid:message_id>",
        ParkedMessageViewSet.as_view({"get": "retrieve"}),
        name="parked-message",
    ),
    path(
        "parked-messages/<uuid:message_id>/process",
        ParkedMessageViewSet.as_view({"post": "process"}),
        name="parked-message-process",
    ),
    path(
        "parked-messages/<uuid:message_id>/discard",
        ParkedMessageViewSet.as_view({"post": "discard"}),
        name="parked-message-discard",
    ),
    path("instances/<str:ref>/webhook-secrets", HookSecretsView.as_view(), name="webhook-secrets"),
    path(
        "instances/<str:ref>/webhook-secrets/<uuid:secret_id>",
        HookSecretView.as_view(),
        name="webhook-secret",
    ),
]
