"""Failed logins go into the audit log by axes' own extension point, its handler."""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest

from integration_hub.access.denials import FAILED_LOGIN, count_denial


class CountingHandler(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """Named by AXES_HANDLER in the settings."""

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        super().user_login_failed(sender, credentials, request, **kwargs)
        # The name that was typed is not kept: people type passwords there.
        count_denial(actor="anonymous", code="LOGIN_FAILED", action=FAILED_LOGIN)
