"""The rows of the execution list, as the theme shows them, made once a page instead of once a row.

The theme makes the header anew for each row and asks a template for each badge and box,
which took most of a page's time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import template
from django.contrib.admin import helpers
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import display_for_field, lookup_field
from django.db.models import DateField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import checkbox
from unfold.templatetags import unfold_list as theme

from executor.models import Execution

register = template.Library()

BOX = "action_checkbox"
_PLACE = "KEY-OF-THE-ROW"
_FILLED = '<{0} class="{1}" data-label="{2}">{3}</{0}>'
_CELL, _BOX_CELL, _LINK = (
    " ".join(names) for names in (theme.ROW_CLASSES, theme.CHECKBOX_CLASSES, theme.LINK_CLASSES)
)


@register.inclusion_tag("admin/executor/execution/rows.html")
def execution_rows(cl: Any) -> dict[str, Any]:
    """The table of a page of the log. Columns are not sortable and rows have no forms."""
    headers = list(theme.result_headers(cl))
    box = box_of_a_row()
    return {
        "cl": cl,
        "result_headers": headers,
        "rows": [list(cells(cl, headers, box, row)) for row in cl.result_list],
    }


def cells(cl: Any, headers: list[Any], box: str, row: Execution) -> Iterator[SafeString]:
    """One row, cell by cell, exactly as the theme would write it."""
    tag = "th"
    for name, header in zip(cl.list_display, headers, strict=True):
        if name == BOX:
            own = SafeString(box.replace(_PLACE, str(row.pk)))  # nosec B703 - ours, and a UUID
            yield format_html('<td class="{}" data-label="Select record">{}</td>', _BOX_CELL, own)
            continue
        field, _, value = lookup_field(name, row, cl.model_admin)
        shown = value if field is None else display_for_field(value, field, "-")
        classes = f"field-{name} {_CELL}" + (" nowrap" if isinstance(field, DateField) else "")
        if name in cl.list_display_links:
            link = format_html('<a href="{}" class="{}" >{}</a>', _url(cl, row), _LINK, shown)
            yield format_html(_FILLED, SafeString(tag), classes, header["text"], link)
            tag = "td"
        else:
            yield format_html(_FILLED, SafeString("td"), classes, header["text"], shown)


def box_of_a_row() -> str:
    """The box that chooses a row, with a place for the row's key."""
    return str(checkbox.render(helpers.ACTION_CHECKBOX_NAME, _PLACE))


def _url(cl: Any, row: Execution) -> str:
    filters = {"preserved_filters": cl.preserved_filters, "opts": cl.opts}
    return str(add_preserved_filters(filters, cl.url_for_result(row)))
