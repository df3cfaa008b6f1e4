"""Page weight, read from the build that the site serves."""

from __future__ import annotations

import pytest

from bench.weight import pages, unwanted, weigh
from microcrm.sitemap import SCREENS
from tests.support.site import Site

pytestmark = pytest.mark.browser


def test_every_screen_was_built(site: Site) -> None:
    assert {f"/{page}" for page in pages()} >= {screen.path for screen in SCREENS}


def test_the_shell_is_light(site: Site) -> None:
    weights = [weigh(page) for page in pages()]
    assert [weight for weight in weights if not weight.is_fit] == []
    assert all(w.script > 100_000 for w in weights)  # the measure sees the scripts at all


def test_nothing_unwanted_is_in_the_bundle(site: Site) -> None:
    assert unwanted() == []
