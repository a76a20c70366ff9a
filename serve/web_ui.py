"""The terminal UI in a browser on this machine: one address with a token, and nothing from the network."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Sequence
from typing import Any

import jinja2
from aiohttp import web
from textual_serve.server import Server, to_int

from .guard import LoopbackGuard, new_token

# The page of textual-serve asks Google for its font; the package has the same font among its own files.
_EXTERNAL_LINK = re.compile(r'<link\b[^>]*href="https?:[^>]*>')
_OWN_FONT = """<style>@font-face { font-family: "Roboto Mono"; font-weight: 100 700;
      src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf") format("truetype"); }</style>"""
_HEADERS = {
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class WebUI(Server):
    """Each browser session is a process of its own, `command`."""

    def __init__(self, command: Sequence[str], port: int) -> None:
        super().__init__(shlex.join(command), host="127.0.0.1", port=port, title="maieutic")
        self.guard = LoopbackGuard(token=new_token())
        self._sessions: set[asyncio.Task[Any]] = set()

    @property
    def address(self) -> str:
        """What a person opens."""
        return f"{self.public_url}/?token={self.guard.token}"

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()

        @web.middleware
        async def check(request: web.Request, handler: Any) -> web.StreamResponse:
            if reason := self.guard.refusal(request):
                return web.Response(text=f"{reason}\n", status=403)
            response: web.StreamResponse = await handler(request)
            return response

        app.middlewares.append(check)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """The command prints the address; the base class would print one without the token."""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One session of a browser, until it leaves or the server ends."""
        session = asyncio.create_task(super().handle_websocket(request))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)
        return await session

    async def on_shutdown(self, app: web.Application) -> None:
        """An open page does not keep the server: aiohttp would wait a minute for it."""
        for session in self._sessions:
            session.cancel()

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page with addresses of the host that it was opened by."""
        page = (self.templates_path / "app_index.html").read_text(encoding="utf-8")
        context: dict[str, Any] = {
            "font_size": to_int(request.query.get("fontsize", "16"), 16),
            "app_websocket_url": f"ws://{request.host}/ws",
            "config": {"static": {"url": "/static/"}},
            "application": {"name": self.title},
        }
        text = jinja2.Environment(autoescape=True).from_string(_EXTERNAL_LINK.sub(_OWN_FONT, page)).render(context)
        response = web.Response(text=text, content_type="text/html", headers=_HEADERS)
        self.guard.remember(request, response)
        return response
