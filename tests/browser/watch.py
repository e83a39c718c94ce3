"""What no page may do, whatever a test looks at: complain, fail, ask elsewhere, open a dialog."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Dialog, Page, Request, Response

_REPORT_CSP = """
document.addEventListener("securitypolicyviolation", event => console.error(
    "CSP: " + event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile));
"""


_REFUSAL = "the server responded with a status of 4"


class Watch:
    """Collects from the moment it is made; `check()` fails with everything that it saw."""

    def __init__(self, page: Page, *origins: str, refusals: bool = False) -> None:
        self.refusals = refusals
        self.origins, self.seen = tuple(f"{origin}/" for origin in origins), list[str]()
        page.add_init_script(_REPORT_CSP)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"script error: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("dialog", self._dialog)

    def check(self) -> None:
        assert not self.seen, "\n".join(self.seen)

    def _console(self, message: ConsoleMessage) -> None:
        if self.refusals and _REFUSAL in message.text:
            return
        if message.type in {"error", "warning"}:
            self.seen.append(f"console {message.type}: {message.text} {message.location}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((*self.origins, "data:", "blob:")):
            self.seen.append(f"request to elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.seen.append(f"{response.status}: {response.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog, so a stored script ran: {dialog.message}")
        dialog.dismiss()
