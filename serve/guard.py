"""Who may use a server on loopback: this machine's own clients, and no page that a browser has open.

A page of any site can make a browser send requests to loopback, and by a host name of its own that resolves there
(DNS rebinding) read the answers. Host, Origin and a token refuse each of these ways.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from aiohttp import web

_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_TOKEN_BYTES = 24


def new_token() -> str:
    """A secret for a URL."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


@dataclass(frozen=True, kw_only=True)
class LoopbackGuard:
    """token: what each request must bring, as `?token=` or as a cookie; None where clients bring a key of their own."""

    token: str | None = None

    def refusal(self, request: web.Request) -> str | None:
        """Why the request is refused; None if it may pass."""
        if _hostname(f"//{request.host}") not in _LOOPBACK_HOSTS:
            return f"this server answers on loopback only, not as {request.host}"
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.host}":
            return f"this server answers no page of {origin}"
        if self.token is not None and not self._has_token(request):
            return "the token is missing or wrong; open the address that the command printed"
        return None

    def cookie_name(self, request: web.Request) -> str:
        """By port, because servers on one host share their cookies."""
        return f"maieutic_{_port(request)}"

    def remember(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let the page that brought the token load its files and its websocket."""
        if self.token is not None:
            response.set_cookie(self.cookie_name(request), self.token, httponly=True, samesite="Strict", path="/")

    def _has_token(self, request: web.Request) -> bool:
        sent = (request.query.get("token"), request.cookies.get(self.cookie_name(request)))
        expected = str(self.token).encode()
        return any(token is not None and hmac.compare_digest(token.encode(), expected) for token in sent)


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _port(request: web.Request) -> int:
    try:
        return urlsplit(f"//{request.host}").port or 80
    except ValueError:
        return 0
