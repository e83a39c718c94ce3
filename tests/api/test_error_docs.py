"""docs/errors.md is what the code says."""

from django.conf import settings

from integration_hub.api.error_docs import page
from integration_hub.lib.errors import HubError, UpstreamError, tree


def test_the_page_is_up_to_date():
    written = (settings.BASE_DIR / "docs" / "errors.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m integration_hub.api.error_docs > docs/errors.md"


def test_every_code_tells_the_remedy():
    for kind in tree():
        if kind is not UpstreamError:
            assert kind.__doc__ or kind.__mro__[1] is not HubError, kind
            assert f"`{kind.code}`" in page()
