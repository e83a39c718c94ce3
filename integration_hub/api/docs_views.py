"""`/api/schema` and `/api/docs`; every asset is local and no script is inline."""

from __future__ import annotations

from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 document: JSON, or YAML for who accepts that."""

    renderer_classes = (OpenApiJsonRenderer, OpenApiYamlRenderer)


class DocsView(SpectacularSwaggerSplitView):
    template_name = "api/docs.html"
