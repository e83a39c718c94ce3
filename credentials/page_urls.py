"""Pages of credentials for people without an account, at the root."""

from django.urls import path

from credentials.api.browser_views import ConnectPage

urlpatterns = [path("connect", ConnectPage.as_view(), name="connect")]
