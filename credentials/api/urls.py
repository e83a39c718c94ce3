"""Addresses of credentials below /api/v1."""

from django.urls import path

from credentials.api.browser_views import BrowserCallbackView
from credentials.api.oauth2_views import CallbackView, LinksView, StartView
from credentials.api.views import CredentialsView, RefreshView

urlpatterns = [
    path("instances/<str:ref>/credentials", CredentialsView.as_view(), name="credentials"),
    path(
        "instances/<str:ref>/credentials/refresh",
        RefreshView.as_view(),
        name="credentials-refresh",
    ),
    path("instances/<str:ref>/oauth2/start", StartView.as_view(), name="oauth2-start"),
    path("instances/<str:ref>/oauth2/callback", CallbackView.as_view(), name="oauth2-callback"),
    path("instances/<str:ref>/oauth2/links", LinksView.as_view(), name="oauth2-links"),
    path("oauth2/callback", BrowserCallbackView.as_view(), name="oauth2-browser-callback"),
]
