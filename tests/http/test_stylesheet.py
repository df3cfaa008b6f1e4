"""The stylesheet and the script of the server-rendered pages."""

from __future__ import annotations

import gzip

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from microcrm.http.lasting import LastingText
from microcrm.http.routes import routes
from microcrm.http.script import public_script
from microcrm.http.stylesheet import public_stylesheet


@pytest.mark.parametrize("lasting", [public_stylesheet(), public_script()], ids=["css", "js"])
@pytest.mark.parametrize("accepts", ["gzip, br", "identity"])
def test_it_is_served_under_an_address_that_names_its_content(lasting: LastingText, accepts: str) -> None:
    answer = TestClient(Starlette(routes=routes())).get(lasting.url, headers={"accept-encoding": accepts})
    assert answer.text == lasting.text
    assert answer.headers.get("content-encoding") == ("gzip" if "gzip" in accepts else None)
    assert answer.headers["content-type"].startswith(lasting.media_type)
    assert "immutable" in answer.headers["cache-control"]


def test_another_text_has_another_address() -> None:
    assert LastingText("a{}", "css", "text/css").url != LastingText("b{}", "css", "text/css").url


def test_the_stylesheet_is_small_and_whole() -> None:
    text = public_stylesheet().text
    assert len(gzip.compress(text.encode(), 9)) < 9_000
    assert text.count("{") == text.count("}")
    assert "/*" not in text
