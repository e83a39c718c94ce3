"""The editor's addresses, below the admin and behind its login."""

from django.contrib import admin
from django.urls import path

from transformer import admin_editor

app_name = "transformer"
_behind_login = admin.site.admin_view
urlpatterns = [
    path("", _behind_login(admin_editor.editor), name="editor"),
    path("attempt/", _behind_login(admin_editor.attempt), name="attempt"),
    path("propose/", _behind_login(admin_editor.propose), name="propose"),
    path("save/", _behind_login(admin_editor.save), name="save"),
]
