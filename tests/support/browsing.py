"""A browser without scripts: follows forms as people send them, keeps cookies, says where it comes from."""

from __future__ import annotations

import re
from html import unescape

import httpx
from starlette.applications import Starlette

from microcrm.http.forms import TOKEN_FIELD
from microcrm.http.routes import routes
from microcrm.settings import settings

_TOKEN = re.compile(rf'name="{TOKEN_FIELD}" value="([0-9a-f]+)"')


class Visit:
    """``get`` shows a page; ``send`` posts a form of the page at ``page``."""

    def __init__(self, address: str = "203.0.113.7") -> None:
        self.base = settings().public_url
        transport = httpx.ASGITransport(Starlette(routes=routes()), client=(address, 40000))
        self.client = httpx.AsyncClient(
            transport=transport, base_url=self.base, headers={"user-agent": "Firefox/1 Linux"}
        )

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def send(
        self, page: str, to: str = "", headers: dict[str, str] | None = None, **fields: str
    ) -> httpx.Response:
        shown = await self.get(page)
        token = _TOKEN.search(shown.text)
        data = {TOKEN_FIELD: token[1] if token else "", **fields}
        sent = {"origin": self.base, "sec-fetch-site": "same-origin"} if headers is None else headers
        return await self.client.post(to or page.partition("?")[0], data=data, headers=sent)

    async def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """Without looking at a page first."""
        sent = {"origin": self.base} if headers is None else headers
        return await self.client.post(path, data=fields, headers=sent)


def words(response: httpx.Response) -> str:
    """The text of a page, without tokens and tags."""
    main = response.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def errors_of(response: httpx.Response) -> dict[str, str]:
    """Messages at fields, by the field's name."""
    found = re.findall(r'<p class="error" id="([\w-]+)-error">([^<]+)</p>', response.text)
    return {name: unescape(text) for name, text in found}


def cookies_of(response: httpx.Response) -> dict[str, str]:
    """What each Set-Cookie says, by name."""
    return {line.partition("=")[0]: line for line in response.headers.get_list("set-cookie")}
