"""The stylesheet of the server-rendered pages."""

from __future__ import annotations

import gzip

from starlette.applications import Starlette
from starlette.testclient import TestClient

from microcrm.http.routes import routes
from microcrm.http.stylesheet import public_stylesheet, public_stylesheet_url


def test_it_is_served_under_an_address_that_names_its_content() -> None:
    answer = TestClient(Starlette(routes=routes())).get(public_stylesheet_url())
    assert answer.text == public_stylesheet()
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]


def test_it_is_small() -> None:
    assert len(gzip.compress(public_stylesheet().encode(), 9)) < 9_000
