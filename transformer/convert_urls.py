"""The address of the page that converts files, below the admin and behind its login."""

from django.contrib import admin
from django.urls import path

from transformer import admin_convert

app_name = "convert"
urlpatterns = [path("", admin.site.admin_view(admin_convert.convert), name="file")]
