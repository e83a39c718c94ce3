"""Addresses below /api/v1."""

from django.urls import path

from transformer.api.schema_views import CompareView, InferView
from transformer.api.views import ConvertView, PreviewView

urlpatterns = [
    path("transforms/preview", PreviewView.as_view(), name="transform-preview"),
    path("convert", ConvertView.as_view(), name="convert"),
    path("schemas/infer", InferView.as_view(), name="schema-infer"),
    path("schemas/compare", CompareView.as_view(), name="schema-compare"),
]
