"""Every screen builds, is marked with the permission of its handlers, and is where the navigation says."""

from __future__ import annotations

import pytest
import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.pages.navigation import NAVIGATION
from microcrm.sitemap import SCREENS, Screen
from microcrm.state.gate import mark_of


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.path)
def test_a_screen_builds(screen: Screen) -> None:
    assert isinstance(screen.page(), rx.Component)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.path)
def test_what_loads_a_screen_needs_what_the_screen_needs(screen: Screen) -> None:
    for handler in screen.on_load:
        mark = mark_of(handler.fn)
        assert mark is not None and mark.permission is screen.needs


def test_paths_and_titles_are_unique() -> None:
    assert len({screen.path for screen in SCREENS}) == len(SCREENS)
    assert len({screen.title for screen in SCREENS}) == len(SCREENS)


def test_the_navigation_asks_for_what_its_screens_need() -> None:
    needed: dict[str, Permission] = {screen.path: screen.needs for screen in SCREENS}
    assert [place for place in NAVIGATION if needed.get(place.href, place.needs) is not place.needs] == []


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.path)
def test_one_module_for_each_screen(screen: Screen) -> None:
    """Pages of one module share a chunk, so that each would load the scripts of the others."""
    sharing = [other.path for other in SCREENS if other.page.__module__ == screen.page.__module__]
    assert sharing == [screen.path]
