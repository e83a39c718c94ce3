"""A webhook secret in the admin: the members of the REST body, judged the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget

from executor.inbound import secrets
from executor.inbound.models import HookSecret
from integration_hub.lib.errors import HubError

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[HookSecret]
else:
    _ModelForm = forms.ModelForm


class HookSecretForm(_ModelForm):
    """`members` are what the service takes."""

    secret_text = forms.CharField(
        label="Secret",
        required=False,
        strip=False,
        max_length=secrets.LONGEST,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="As the external system shows it. Empty: one is made here, and shown once.",
    )

    class Meta:
        model = HookSecret
        fields = ("instance", "kind", "expires_at")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        self.members = {
            "instance": cleaned["instance"],
            "secret": cleaned["secret_text"] or None,
            "kind": cleaned["kind"],
            "expires_at": cleaned.get("expires_at"),
        }
        try:
            secrets.check(**{name: self.members[name] for name in ("instance", "secret", "kind")})
        except HubError as error:
            for fault in error.errors:
                self.add_error("secret_text", fault.detail)
            if not error.errors:
                self.add_error("instance", error.detail)
        return cleaned

    def _post_clean(self) -> None:
        """The service makes the row, not the form; its page names the instance."""
        if self.cleaned_data.get("instance") is not None:
            self.instance.instance = self.cleaned_data["instance"]
