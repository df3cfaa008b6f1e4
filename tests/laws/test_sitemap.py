"""Every screen builds, is marked with the permission of its handlers, and is where the navigation says."""

from __future__ import annotations

import pytest
import reflex as rx

from microcrm.pages.frame import PALETTE_ENTRIES
from microcrm.pages.navigation import NAVIGATION
from microcrm.pages.settings_frame import GROUPS
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


def test_every_way_in_leads_to_a_screen_with_its_permission() -> None:
    """Navigation, the palette's entries and the list of settings: none to a screen that is not there."""
    needed = {screen.path: screen.needs for screen in SCREENS}
    palette = [(entry["href"].partition("?")[0], "") for entry in PALETTE_ENTRIES]
    settings = [(setting.href, setting.needs) for _, group in GROUPS for setting in group]
    ways = [(place.href, place.needs) for place in NAVIGATION] + settings + palette
    assert len(ways) > len(NAVIGATION)
    assert [href for href, _ in ways if href not in needed] == []
    assert [href for href, needs in ways if needs and needed[href] is not needs] == []


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.path)
def test_one_module_for_each_screen(screen: Screen) -> None:
    """Pages of one module share a chunk, so that each would load the scripts of the others."""
    sharing = [other.path for other in SCREENS if other.page.__module__ == screen.page.__module__]
    assert sharing == [screen.path]
