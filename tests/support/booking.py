"""A visitor of the public pages without scripts: reads the forms of a page as a browser does, presses their buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx
from starlette.applications import Starlette

from microcrm.http.routes import routes
from microcrm.settings import settings


@dataclass
class PageForm:
    """``fields``: what a browser would send without a button; ``buttons``: names, values and words."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    boxes: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[PageForm] = []
        self._button: tuple[str, str] | None = None
        self._area = ""
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(PageForm(said["action"], said.get("method", "get")))
        elif tag == "input" and self.found and said.get("name"):
            if said.get("type") in ("checkbox", "radio"):
                self.found[-1].boxes.append((said["name"], said.get("value", "on")))
                if "checked" not in said:
                    return
            self.found[-1].fields.append((said["name"], said.get("value", "")))
        elif tag == "button" and self.found:
            self._button, self._words = (said.get("name", ""), said.get("value", "")), ""
        elif tag == "textarea":
            self._area, self._words = said["name"], ""

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button is not None:
            self.found[-1].buttons.append((*self._button, " ".join(self._words.split())))
            self._button = None
        elif tag == "textarea":
            self.found[-1].fields.append((self._area, self._words))


def forms_of(response: httpx.Response) -> list[PageForm]:
    parser = _Forms()
    parser.feed(response.text)
    return parser.found


class Customer:
    """``page``: the last answer. Redirects of our own are followed, as browsers do."""

    def __init__(self, address: str = "203.0.113.9", language: str = "en") -> None:
        self.base = settings().public_url
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(Starlette(routes=routes()), client=(address, 40000)),
            base_url=self.base,
            headers={"accept-language": language},
            follow_redirects=True,
        )
        self.page: httpx.Response

    async def go(self, path: str) -> httpx.Response:
        self.page = await self.client.get(path)
        return self.page

    @property
    def form(self) -> PageForm:
        return forms_of(self.page)[0]

    async def press(self, button: tuple[str, str] | None = None, **typed: str | list[str]) -> httpx.Response:
        """Send the page's form with what was typed or ticked, and perhaps a named button."""
        form = self.form
        pairs = [(name, value) for name, value in form.fields if name not in typed]
        for name, value in typed.items():
            pairs += [(name, each) for each in (value if isinstance(value, list) else [value])]
        pairs += [button] if button else []
        if form.method == "get":
            self.page = await self.client.get(form.action, params=httpx.QueryParams(pairs))
        else:
            self.page = await self.post(form.action, pairs)
        return self.page

    async def post(
        self, path: str, pairs: list[tuple[str, str]], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        sent = {"origin": self.base, "sec-fetch-site": "same-origin"} if headers is None else headers
        body = str(httpx.QueryParams(pairs))
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self.client.post(path, content=body, headers={**kind, **sent})

    async def to_times(self, slug: str = "shop-a", *services: int, day: str = "") -> httpx.Response:
        """Steps 1 and 2: choose services, anybody, and be asked when."""
        await self.go(f"/b/{slug}")
        await self.press(s=[str(service) for service in services])
        if "/who" in str(self.page.url):
            await self.press()
        return await self.go(f"{self.page.url.path}?{self.page.url.query.decode()}&day={day}") if day else self.page

    async def take(self, place: int = 0) -> tuple[str, str]:
        """Press a free time; the button that was pressed."""
        name, value, _ = [button for button in self.form.buttons if button[0] == "start"][place]
        await self.press((name, value))
        return name, value


def words(response: httpx.Response) -> str:
    """The text of a page's main part."""
    from html import unescape

    main = response.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def errors_of(response: httpx.Response) -> dict[str, str]:
    from html import unescape

    found = re.findall(r'<p class="error" id="([\w-]+)-error">([^<]+)</p>', response.text)
    return {name: unescape(text) for name, text in found}
