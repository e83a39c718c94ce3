"""Addresses below /api/v1: where hooks come in, what came, and their secrets."""

from django.urls import path

from executor.inbound.api.hook_views import HookView
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
    path("instances/<str:ref>/webhook-secrets", HookSecretsView.as_view(), name="webhook-secrets"),
    path(
        "instances/<str:ref>/webhook-secrets/<uuid:secret_id>",
        HookSecretView.as_view(),
        name="webhook-secret",
    ),
]
