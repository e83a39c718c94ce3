"""Addresses of credentials below /api/v1."""

from django.urls import path

from credentials.api.views import CredentialsView

urlpatterns = [
    path("instances/<str:ref>/credentials", CredentialsView.as_view(), name="credentials"),
]
