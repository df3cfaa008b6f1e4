"""Binds the shell to the signed-in person. Pages call `screen`."""

from __future__ import annotations

from collections.abc import Sequence

import reflex as rx

from microcrm.components.hotkeys.hotkeys import hotkeys
from microcrm.components.layout import Frame, flush_region, main_region, shell
from microcrm.components.notices.notices import notices
from microcrm.components.palette.palette import palette
from microcrm.state.base import AppState

FRAME = Frame(
    shop=AppState.shop_name,
    initial=AppState.shop_initial,
    person=AppState.person_name,
    initials=AppState.person_initials,
    role=AppState.role_label,
    navigation=AppState.navigation,
    loaded=AppState.loaded,
    viewing_as=AppState.viewing_as,
)


def screen(
    title: str | rx.Var[str],
    *children: rx.Component,
    here: str,
    sub: str | rx.Var[str] = "",
    actions: Sequence[rx.Component] = (),
) -> rx.Component:
    """A screen of the app. ``here`` is the href of its place in the navigation: "/settings" for every settings page."""
    return _framed(here, main_region(title, *children, sub=sub, actions=actions))


def flush_screen(title: str, *children: rx.Component, here: str) -> rx.Component:
    """A screen without margins or a visible heading, as the calendar."""
    return _framed(here, flush_region(title, *children))


def _framed(here: str, main: rx.Component) -> rx.Component:
    return shell(
        FRAME,
        here,
        main,
        notices(notices=AppState.notices, on_dismiss=AppState.dismiss, on_undo=AppState.undo),
        palette(entries=AppState.navigation),
        hotkeys(),
    )
