"""Addresses below /api/v1."""

from django.urls import path

from transformer.api.views import ConvertView, PreviewView

urlpatterns = [
    path("transforms/preview", PreviewView.as_view(), name="transform-preview"),
    path("convert", ConvertView.as_view(), name="convert"),
]
