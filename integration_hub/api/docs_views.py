"""`/api/schema` and `/api/docs`: open to all, every asset local, no script inline."""

from __future__ import annotations

from drf_spectacular import renderers
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 document: JSON, or YAML for who asks for that."""

    renderer_classes = [
        renderers.OpenApiJsonRenderer2,
        renderers.OpenApiJsonRenderer,
        renderers.OpenApiYamlRenderer,
        renderers.OpenApiYamlRenderer2,
    ]
    authentication_classes = []
    permission_classes = [AllowAny]


class DocsView(SpectacularSwaggerSplitView):
    template_name = "api/docs.html"
    authentication_classes = []
    permission_classes = [AllowAny]
