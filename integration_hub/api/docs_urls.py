"""The OpenAPI document and its page, open to all: they say nothing that a token protects."""

from django.urls import path

from integration_hub.api.docs_views import DocsView, SchemaView

urlpatterns = [
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", DocsView.as_view(), name="docs"),
]
