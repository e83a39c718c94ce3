"""What the counting upstream answers in several parts, and what it answers that is no document."""

from __future__ import annotations

import asyncio
import gzip
import json

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40

_NAMED = "Content-Disposition: attachment; filename*=UTF-8''..%2F..%2Fgr%C3%BCn.png"
_GZIP = "Content-Encoding: gzip"
FILES = {
    "plain": (200, PNG, "image/png", _NAMED),
    "gzip": (200, gzip.compress(PNG), "image/png", _NAMED, _GZIP),
    "bomb": (200, gzip.compress(b"0" * 50_000_000, 9), "image/png", _GZIP),
    "refused": (404, PNG, "image/png"),
    "empty": (200, b"", "image/png"),
    "csv": (200, b"a;b\n" * 1_000, "text/csv"),
    "html": (200, b"<script>alert(1)</script>", "text/html"),
}


class Parts:
    """Handlers beside those of `Upstream`; each page of `/pages` holds two of five items."""

    ITEMS = ("a", "b", "c", "d", "e")

    async def _on_pages(self, writer, hit, arguments) -> bool:
        """`/pages/<style>[/<fault>]`."""
        style, fault = (*arguments, "")[:2]
        if style == "slow":
            await asyncio.sleep(0.3)
            style = "endless"
        page = getattr(self, "_pages_by_" + style)(hit)
        number = page.pop("number")
        if fault == "text" and number == 1:
            return await self._send(writer, 200, b"busy", "text/plain")
        if fault == "broken" and number == 1:
            return await self._send(writer, 200, b"{")
        if fault == "down" and number == 1:
            return await self._send(writer, 500, b"{}")
        if fault == "flaky" and number == 1 and self._seen(hit) == 1:
            return await self._send(writer, 503, b"{}")
        if fault == "later" and number == 1 and self._seen(hit) == 1:
            return await self._send(writer, 429, b"{}", extra=("Retry-After: 5",))
        extra = (page.pop("link"),) if page.get("link") else ()
        return await self._send(writer, 200, json.dumps(page).encode(), extra=extra)

    def _seen(self, hit) -> int:
        return sum(
            1 for one in self.hits if (one["path"], one["query"]) == (hit["path"], hit["query"])
        )

    def _page(self, start: int) -> dict:
        return {"number": start // 2, "data": list(self.ITEMS[start : start + 2])}

    def _pages_by_cursor(self, hit) -> dict:
        start = int(hit["query"].get("cursor", "0").removeprefix("c"))
        onward = f"c{start + 2}" if start + 2 < len(self.ITEMS) else None
        return {**self._page(start), "meta": {"next": onward}}

    def _pages_by_address(self, hit) -> dict:
        page = self._pages_by_cursor(hit)
        onward = page["meta"]["next"]
        page["meta"]["next"] = f"{hit['path']}?cursor={onward}" if onward else None
        return page

    def _pages_by_elsewhere(self, hit) -> dict:
        return {**self._page(0), "meta": {"next": hit["query"]["to"]}}

    def _pages_by_loop(self, hit) -> dict:
        start = int(hit["query"].get("cursor", "0").removeprefix("c"))
        return {**self._page(0), "meta": {"next": "c2" if start == 0 else "c0"}}

    def _pages_by_endless(self, hit) -> dict:
        start = int(hit["query"].get("cursor", "0").removeprefix("c"))
        return {"number": start, "data": [start], "meta": {"next": f"c{start + 1}"}}

    def _pages_by_page(self, hit) -> dict:
        return self._page(2 * (int(hit["query"]["page"]) - 1))

    def _pages_by_deaf(self, hit) -> dict:
        return self._page(0)

    def _pages_by_offset(self, hit) -> dict:
        start = int(hit["query"]["offset"])
        return {**self._page(start), "number": start // 2}

    def _pages_by_link(self, hit) -> dict:
        page = self._pages_by_cursor(hit)
        onward = page.pop("meta")["next"]
        last = f'<{hit["path"]}?cursor=c4>; rel="last"'
        if onward:
            page["link"] = f'Link: {last}, <{hit["path"]}?cursor={onward}>; rel="prefetch next"'
        return page

    async def _on_file(self, writer, hit, arguments) -> bool:
        """`/file/<how>`: a picture, or what looks like one."""
        how = arguments[0]
        status, body, kind, *extra = FILES.get(how, (200, PNG, "image/png"))
        if how == "echo":
            body = b"." * 65_530 + hit["headers"]["authorization"].encode() + PNG
        if how == "half":
            await self._send(writer, 200, PNG, kind, length=len(PNG) + 10)
            return False
        return await self._send(writer, status, body, kind, tuple(extra))

    async def _on_large_file(self, writer, hit, arguments) -> bool:
        """`/large-file/<bytes>`, written in pieces."""
        left, piece = int(arguments[0]), b"\x89" * 65_536
        await self._send(writer, 200, b"", "image/png", length=left)
        while left:
            writer.write(piece[:left])
            await writer.drain()
            left -= min(left, len(piece))
        return True

    async def _on_changed(self, writer, hit, arguments) -> bool:
        """Items that became text, a member more and one less than the schema says."""
        return await self._send(writer, 200, json.dumps(self._page(0)).encode())

    async def _on_breaks_later(self, writer, hit, arguments) -> bool:
        """Well the first time, 500 from then on."""
        status = 200 if self._seen(hit) == 1 else 500
        return await self._send(writer, status, b'{"well": true}')

    async def _on_jobs(self, writer, hit, arguments) -> bool:
        """`/jobs/<kind>`: takes a job; its state is at `/job-state/<kind>`."""
        kind = arguments[0]
        if kind == "at-once":
            return await self._send(writer, 200, b'{"state": "ready"}')
        state = f"/job-state/{kind}"
        if kind == "elsewhere":
            state = "http://169.254.169.254/job"
        body = json.dumps({"state": "queued", "links": {"self": state}}).encode()
        extra = () if kind == "nowhere" else (f"Location: {state}",)
        return await self._send(writer, 202, body, extra=extra)

    async def _on_job_state(self, writer, hit, arguments) -> bool:
        """Done at the third look, but for the kinds that are not."""
        kind, seen = arguments[0], self._seen(hit)
        if kind == "fails":
            return await self._send(writer, 200, b'{"state": "error", "why": "no room"}')
        if kind == "flaky" and seen == 1:
            return await self._send(writer, 503, b"{}")
        if kind == "later":
            return await self._send(writer, 200, b'{"state": "busy"}', extra=("Retry-After: 30",))
        if kind == "endless" or seen < 3:
            return await self._send(writer, 202, b'{"state": "busy"}')
        done = b'{"state": "ready", "links": {"file": "/job-result"}}'
        return await self._send(writer, 200, done)

    async def _on_job_result(self, writer, hit, arguments) -> bool:
        return await self._send(writer, 200, b'{"rows": [1, 2]}')
