"""Two people at one form: who saves second is told, and nothing of theirs is lost.

A page carries the ETag of what it shows, as a hidden field. It is compared under the row's lock,
in the transaction that saves. A POST without one claims nothing, as REST without `If-Match`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Model

from integration_hub.api.etag import etag_of

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm

SHOWN = "shown_revision"
TEMPLATE = "admin/hub/shown_revision.html"
CHANGED = (
    "Somebody changed this since you opened the page, and nothing was saved. What you typed is "
    "still here. Compare it with what is stored now; saving again puts yours in its place."
)
GONE = "Somebody deleted this since you opened the page. What you typed is still here."
MADE = "Somebody stored this since you opened the page. What you sent was not stored."
SECRETS = " Secrets are never given back: enter them again."
_LONGEST = 200


def mark_of(row: Model | None) -> str:
    """What a page carries; empty where there is no row yet."""
    return "" if row is None else etag_of(row)


def is_stale(posted: Mapping[str, Any], row: Model | None) -> bool:
    """Whether the page that was posted showed another row than this one, as it is now."""
    shown = posted.get(SHOWN)
    return shown is not None and shown != mark_of(row)


class StaleForm(_ModelForm):
    """Refuses what was changed since it was shown; beside a field stands what is stored in it now.

    Its `clean` must run inside the transaction that saves, as the admin's does.
    """

    unshown: frozenset[str] = frozenset()  # fields that say nothing of what is stored: secrets

    @property
    def mark(self) -> str:
        """For the page: of the row as it is now, so that saving again is on purpose."""
        return mark_of(None if self.instance._state.adding else self.instance)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.instance._state.adding:
            return data
        rows = type(self.instance)._default_manager.select_for_update()
        row = rows.filter(pk=self.instance.pk).first()
        if row is None:
            self.add_error(None, GONE)
        elif is_stale(self.data, row):
            self.add_error(None, CHANGED)
            self._show_what_is_stored()
        return data

    def _show_what_is_stored(self) -> None:
        for name in set(self.changed_data) - self.unshown:
            stored = self.get_initial_for_field(self.fields[name], name)
            if name not in self.errors and not _is_same(self.data.get(name), stored):
                self.add_error(name, _said(stored))


def _is_same(typed: Any, stored: Any) -> bool:
    """Browsers send each line of a text with CRLF at its end."""
    return str(typed).split() == str(stored).split()


def _said(stored: Any) -> str:
    text = str(stored)
    if stored in (None, ""):
        return "Stored now: nothing."
    if len(text) > _LONGEST or "\n" in text:
        return "Stored now is something else: open the page in a second window to see it."
    return f"Stored now: {text}"
