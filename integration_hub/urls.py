"""Every address of the hub (contract §3 and §7)."""

from django.contrib import admin
from django.urls import include, path

from integration_hub.access.own_password import own_password
from integration_hub.monitoring.dashboard import fragment
from integration_hub.monitoring.doctor_page import doctor

_API_APPS = (
    "executor.api.urls",  # first, for what is called most is found soonest
    "executor.inbound.api.urls",
    "registry.api.urls",
    "credentials.api.urls",
    "transformer.api.urls",
    "integration_hub.events.api.urls",
    "integration_hub.api.urls",
)

urlpatterns = [
    path("api/v1/", include([path("", include(app)) for app in _API_APPS])),
    path("api/", include("integration_hub.api.docs_urls")),
    path("", include("integration_hub.monitoring.urls")),
    path("", include("credentials.page_urls")),
    path("admin/password_change/", admin.site.admin_view(own_password, cacheable=True)),
    path("admin/home/", admin.site.admin_view(fragment), name="home-fragment"),
    path("admin/doctor/", admin.site.admin_view(doctor), name="doctor"),
    path("admin/convert/", include("transformer.convert_urls")),
    path("admin/transforms/", include("transformer.admin_urls")),
    path("admin/", admin.site.urls),
]
