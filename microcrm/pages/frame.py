"""Binds the shell to the signed-in person. Pages call `screen`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import reflex as rx

from microcrm.components.door.door import leave
from microcrm.components.feedback import no_permission
from microcrm.components.hotkeys.hotkeys import hotkeys
from microcrm.components.layout import Frame, flush_region, main_region, shell
from microcrm.components.notices.notices import notices
from microcrm.components.palette.palette import palette
from microcrm.domain.permissions import Permission
from microcrm.pages.bell import bell
from microcrm.pages.navigation import NAVIGATION
from microcrm.state.base import AppState
from microcrm.state.palette import PaletteState

FRAME = Frame(
    places=NAVIGATION,
    allowed=AppState.allowed,
    loaded=AppState.loaded,
    shop=AppState.shop_name,
    person=AppState.person_name,
    role=AppState.role_label,
    viewing_as=AppState.viewing_as,
    needs_verification=AppState.needs_verification,
    bell=bell,
)
PALETTE_ENTRIES = [
    *[{"href": p.href, "label": p.label, "hint": "", "needs": p.needs.value} for p in NAVIGATION],
    {"href": "/calendar?new=1", "label": "New booking", "hint": "N", "needs": Permission.BOOKINGS_OWN.value},
    {"href": "/customers?new=1", "label": "New customer", "hint": "", "needs": Permission.CUSTOMERS_EDIT.value},
    {"href": "/account", "label": "Your account", "hint": "Password, devices", "needs": Permission.ACCOUNT.value},
]


def screen(
    title: str | rx.Var[str],
    *children: rx.Component,
    here: str,
    sub: str | rx.Var[str] = "",
    actions: Sequence[rx.Component] = (),
    head: rx.Component | None = None,
    back: rx.Component | None = None,
    class_name: str = "",
) -> rx.Component:
    """A screen of the app. ``here`` is the href of its place in the navigation: "/settings" for every settings page."""
    refused = main_region(title, no_permission("this page"))
    main = main_region(title, *children, sub=sub, actions=actions, head=head, back=back, class_name=class_name)
    return _framed(here, refused, main)


def flush_screen(
    title: str, *children: rx.Component, here: str, on_tell: rx.EventHandler | None = None
) -> rx.Component:
    """A screen without margins or a visible heading, as the calendar. ``on_tell``: asks whether the customer is told of
    the change that a notice names."""
    refused = main_region(title, no_permission("this page"))
    return _framed(here, refused, flush_region(title, *children), {"on_tell": on_tell} if on_tell else {})


def _framed(
    here: str, refused: rx.Component, main: rx.Component, more: Mapping[str, rx.EventHandler] = MappingProxyType({})
) -> rx.Component:
    return rx.cond(
        AppState.is_signed_out,
        leave(to="/sign-in"),
        shell(
            FRAME,
            here,
            rx.cond(AppState.no_permission, refused, main),
            notices(notices=AppState.notices, on_dismiss=AppState.dismiss, on_undo=AppState.undo, **more),
            palette(
                entries=PALETTE_ENTRIES,
                allowed=AppState.allowed,
                found=PaletteState.hits,
                searches=AppState.allowed.contains(Permission.CUSTOMERS_VIEW.value),
                on_search=PaletteState.find,
            ),
            hotkeys(),
        ),
    )
