"""`watch --web` and `serve` answer this machine's own clients, and no page of a site that a browser has open."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from maieutic.serve.guard import LoopbackGuard
from maieutic.serve.web_ui import WebUI

Session = Callable[[aiohttp.ClientSession, str, WebUI], Awaitable[Any]]
FOREIGN = ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"})
OTHER_PAGE = {"Origin": "http://127.0.0.1:1"}


def served(work: Session) -> Any:
    """The result of `work` against the UI's server, whose sessions are processes that wait for the end of stdin."""

    async def run() -> Any:
        ui = WebUI([sys.executable, "-c", "import sys; sys.stdin.read()"], 8000)
        runner = web.AppRunner(await ui._make_app())
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
                return await work(session, base, ui)
        finally:
            await runner.cleanup()

    return asyncio.run(run())


async def status(session: aiohttp.ClientSession, url: str, **headers: str) -> int:
    async with session.get(url, headers=headers) as response:
        return response.status


async def can_connect(session: aiohttp.ClientSession, url: str, **headers: str) -> bool:
    try:
        async with session.ws_connect(url, headers=headers):
            return True
    except aiohttp.WSServerHandshakeError as error:
        return error.status != 403


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/download/x"])
def test_without_the_token_nothing_is_served(path: str) -> None:
    async def work(session: aiohttp.ClientSession, base: str, ui: WebUI) -> list[int]:
        return [await status(session, base + path), await status(session, f"{base}{path}?token=wrong")]

    assert served(work) == [403, 403]


def test_a_foreign_host_or_origin_is_refused_even_with_the_token() -> None:
    async def work(session: aiohttp.ClientSession, base: str, ui: WebUI) -> list[int]:
        address = f"{base}/?token={ui.guard.token}"
        return [await status(session, address, **headers) for headers in (*FOREIGN, OTHER_PAGE)]

    assert served(work) == [403] * 4


def test_the_websocket_needs_the_token_and_the_own_page() -> None:
    async def work(session: aiohttp.ClientSession, base: str, ui: WebUI) -> list[bool]:
        socket = base.replace("http:", "ws:") + "/ws"
        connections = [await can_connect(session, socket)]
        assert await status(session, f"{base}/?token={ui.guard.token}") == 200  # sets the cookie, as in a browser
        connections += [await can_connect(session, socket, **headers) for headers in (*FOREIGN, OTHER_PAGE)]
        return [*connections, await can_connect(session, socket, Origin=base)]

    assert served(work) == [False] * 5 + [True]


def test_the_page_needs_nothing_from_the_network() -> None:
    async def work(session: aiohttp.ClientSession, base: str, ui: WebUI) -> tuple[str, str, list[int]]:
        async with session.get(f"{base}/?token={ui.guard.token}") as response:
            page, cookie = await response.text(), response.headers["Set-Cookie"]
        files = re.findall(r'(?:href|src)="(/[^"]+)"|url\("(/[^"]+)"\)', page)
        return page, cookie, [await status(session, base + (name or other)) for name, other in files]

    page, cookie, statuses = served(work)
    assert not re.findall(r"""(?:href|src|url)\s*[=(]\s*["']?https?:""", page)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert len(statuses) >= 4
    assert set(statuses) == {200}


def test_two_servers_have_two_tokens() -> None:
    first, second = WebUI(["true"], 8000), WebUI(["true"], 8001)
    assert first.guard.token != second.guard.token
    assert first.address.startswith("http://127.0.0.1:8000/?token=")
    assert first.guard.token is not None
    assert len(first.guard.token) >= 32


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost:8642", "[::1]:8642"])
def test_names_of_this_machine_pass(host: str) -> None:
    from aiohttp.test_utils import make_mocked_request

    guard = LoopbackGuard()
    assert guard.refusal(make_mocked_request("GET", "/", headers={"Host": host})) is None
    own = {"Host": host, "Origin": f"http://{host}"}
    assert guard.refusal(make_mocked_request("GET", "/", headers=own)) is None
    for name in ("[::", "127.0.0.1.evil.example", "evil.example:8642"):
        assert guard.refusal(make_mocked_request("GET", "/", headers={"Host": name}))
