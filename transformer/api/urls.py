"""Addresses below /api/v1."""

from django.urls import path

from transformer.api.convert_views import ConvertView
from transformer.api.named_views import TransformLifeViewSet, TransformViewSet
from transformer.api.schema_views import CompareView, InferView
from transformer.api.views import PreviewView

urlpatterns = [
    path("transforms/preview", PreviewView.as_view(), name="transform-preview"),
    path(
        "transforms",
        TransformViewSet.as_view({"get": "list", "post": "create"}),
        name="transforms",
    ),
    path(
        "transforms/<str:ref>",
        TransformViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
        name="transform",
    ),
    *(
        path(
            f"transforms/<str:ref>/{verb}",
            TransformLifeViewSet.as_view({"post": verb}),
            name=f"transform-{verb}",
        )
        for verb in ("publish", "archive", "test")
    ),
    path("convert", ConvertView.as_view(), name="convert"),
    path("schemas/infer", InferView.as_view(), name="schema-infer"),
    path("schemas/compare", CompareView.as_view(), name="schema-compare"),
]
