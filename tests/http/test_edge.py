"""Headers of everything that leaves the server: caches, safety, and a policy that fits each built page's scripts."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from microcrm.http.edge import FOREVER, Edge
from microcrm.http.policy import STRICT_POLICY, script_hashes

THEME_SCRIPT = "document.documentElement.className='dark'"
PAGE = f'<!doctype html><script>{THEME_SCRIPT}</script><script src="/assets/entry-1.js"></script><h1>Today</h1>'
UNKNOWN = "<!doctype html><script>window.unknown=1</script>"


def hash_of(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    for name, text in {
        "today/index.html": PAGE,
        "settings/hours/index.html": PAGE,
        "404.html": UNKNOWN,
        "assets/entry-1.js": "1",
        "fonts/inter-5.3.0.woff2": "f",
        "favicon.svg": "<svg/>",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def client(build: Path, public_url: str = "http://shop.test") -> httpx.AsyncClient:
    async def sign_in(_request: object) -> Response:
        return HTMLResponse("<h1>Sign in</h1>")

    async def download(_request: object) -> Response:
        return PlainTextResponse("a,b", headers={"cache-control": "private, max-age=60"})

    app = Starlette(
        routes=[
            Route("/sign-in", sign_in),
            Route("/files/list.csv", download),
            Mount("/", StaticFiles(directory=build, html=True)),
        ]
    )
    transport = httpx.ASGITransport(Edge(app, public_url=public_url, build=build))
    return httpx.AsyncClient(transport=transport, base_url="http://shop.test")


@pytest.mark.parametrize("path", ["/today", "/settings/hours", "/today/"])
async def test_a_page_is_served_without_a_redirect(build: Path, path: str) -> None:
    async with client(build) as http:
        answer = await http.get(path)
    assert answer.status_code == 200
    assert "Today" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


async def test_the_policy_allows_a_pages_own_scripts_and_no_others(build: Path) -> None:
    async with client(build) as http:
        policy = (await http.get("/today")).headers["content-security-policy"]
    scripts = re.search(r"script-src ([^;]+)", policy)
    assert scripts is not None
    assert scripts.group(1).split() == ["'self'", hash_of(THEME_SCRIPT)]
    assert "unsafe-eval" not in policy
    assert "connect-src 'self' ws://shop.test" in policy


async def test_an_unknown_address_gets_the_policy_of_the_404_page(build: Path) -> None:
    async with client(build) as http:
        answer = await http.get("/nowhere")
    assert answer.status_code == 404
    assert hash_of("window.unknown=1") in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_server_rendered_pages_get_the_strict_policy(build: Path) -> None:
    async with client(build) as http:
        answer = await http.get("/sign-in")
    assert answer.headers["content-security-policy"] == STRICT_POLICY
    assert "unsafe-inline" not in STRICT_POLICY


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        ("/assets/entry-1.js", FOREVER),
        ("/fonts/inter-5.3.0.woff2", FOREVER),
        ("/favicon.svg", "public, max-age=86400"),
        ("/files/list.csv", "private, max-age=60"),  # a handler's own word wins
        ("/assets/gone-2.js", "no-store"),  # a missing file must not be remembered as missing
    ],
)
async def test_caching(build: Path, path: str, cache: str) -> None:
    async with client(build) as http:
        assert (await http.get(path)).headers["cache-control"] == cache


@pytest.mark.parametrize("path", ["/today", "/sign-in", "/assets/entry-1.js", "/nowhere", "/files/list.csv"])
async def test_safety_headers_are_on_everything(build: Path, path: str) -> None:
    async with client(build, "https://shop.test") as http:
        headers = (await http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "max-age=63072000" in headers["strict-transport-security"]


async def test_no_hsts_over_plain_http(build: Path) -> None:
    async with client(build) as http:
        assert "strict-transport-security" not in (await http.get("/today")).headers


def test_scripts_with_a_source_need_no_hash() -> None:
    html = b'<script type="module" src="/a.js"></script><script data-src="x">one</script><script>one</script>'
    assert script_hashes(html) == (hash_of("one"),)
