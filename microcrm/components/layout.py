"""The shell around every screen of the app: rail, top bar, bottom tabs, and the main region with its heading.

Pure functions of Vars; `microcrm.pages.frame` binds them to the signed-in person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex_components_core.react_router import link as route_link

from microcrm.components.buttons import anchor, away_button, icon_button, post_form
from microcrm.components.feedback import offline_ribbon, online_chip
from microcrm.components.hotkeys.hotkeys import does
from microcrm.components.icons import icon
from microcrm.domain.permissions import Permission

TAB_HREFS = ("/today", "/calendar", "/customers")
NEW_BOOKING = "/calendar?new=1"
_ACCOUNT_MENU = "account-menu"
_MORE_MENU = "more-menu"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation, shown to those who may open it."""

    href: str
    label: str
    icon: str
    needs: Permission


@dataclass(frozen=True, slots=True)
class Frame:
    """What the shell shows of the signed-in person. ``allowed`` are permissions as words; ``bell``: what happened, for them alone."""

    places: tuple[Place, ...]
    allowed: rx.Var[list[str]]
    loaded: rx.Var[bool]
    shop: rx.Var[str]
    person: rx.Var[str]
    role: rx.Var[str]
    viewing_as: rx.Var[str]
    needs_verification: rx.Var[bool]
    bell: Callable[[], rx.Component]


def shell(frame: Frame, here: str, main: rx.Component, *extras: rx.Component) -> rx.Component:
    """The whole page. ``here`` is the href of the current place in the navigation; ``extras`` float above it."""
    return rx.fragment(
        anchor("Skip to content", href="#main", class_name="skip btn"),
        rx.el.div(
            _rail(frame, here),
            rx.el.div(offline_ribbon(), _ribbons(frame), _top(frame), main, class_name="page"),
            class_name="app",
        ),
        _tabs(frame, here),
        *extras,
    )


def main_region(
    title: str | rx.Var[str],
    *children: rx.Component,
    sub: str | rx.Var[str] = "",
    actions: Sequence[rx.Component] = (),
    head: rx.Component | None = None,
    back: rx.Component | None = None,
    class_name: str = "",
) -> rx.Component:
    """Heading with its actions, then the content. ``head`` replaces the usual heading and must hold the ``h1``; ``back``
    is a link above it."""
    says_more = isinstance(sub, rx.Var) or bool(sub)
    return rx.el.main(
        head
        or rx.el.div(
            back or rx.fragment(),
            rx.el.div(rx.el.h1(title), rx.el.p(sub) if says_more else rx.fragment()),
            rx.el.div(*actions, class_name="head-actions") if actions else rx.fragment(),
            class_name="head",
        ),
        *children,
        id="main",
        tab_index=-1,
        class_name=f"main {class_name}".strip(),
    )


def flush_region(title: str, *children: rx.Component) -> rx.Component:
    """A screen that fills the main region to its edges, as the calendar; its title is for screen readers."""
    return rx.el.main(
        rx.el.h1(title, class_name="sr-only"), *children, id="main", tab_index=-1, class_name="main flush"
    )


def _rail(frame: Frame, here: str) -> rx.Component:
    return rx.el.nav(
        route_link(
            rx.el.span(_first_letter(frame.shop), class_name="mark", aria_hidden="true"),
            rx.el.span(frame.shop, rx.el.small("MicroCRM")),
            to="/today",
            class_name="brand",
        ),
        rx.el.div(_places(frame, here), class_name="nav"),
        rx.el.div(
            rx.el.button(
                icon("keyboard"),
                rx.el.span("Shortcuts"),
                rx.el.kbd("?", class_name="kbd", aria_hidden="true"),
                type="button",
                **does("keys"),
            ),
            class_name="rail-foot",
        ),
        class_name="rail",
        aria_label="Main",
    )


def _places(frame: Frame, here: str) -> rx.Component:
    """Nothing that depends on the person is shown before the person is known."""
    entries = [
        _if_allowed(
            frame,
            place,
            route_link(icon(place.icon), rx.el.span(place.label), to=place.href, **_current(place, here)),
        )
        for place in frame.places
    ]
    return rx.cond(
        frame.loaded, rx.fragment(*entries), rx.fragment(*[rx.el.span(class_name="skeleton") for _ in frame.places])
    )


def _top(frame: Frame) -> rx.Component:
    return rx.el.header(
        rx.el.button(
            icon("search"),
            rx.el.span(_search_words(frame), class_name="clip"),
            rx.el.kbd("Ctrl K", class_name="kbd", aria_hidden="true"),
            type="button",
            class_name="find",
            aria_haspopup="dialog",
            **does("palette"),
        ),
        rx.el.span(class_name="spring"),
        online_chip(),
        rx.cond(frame.loaded & (frame.viewing_as == ""), frame.bell()),
        icon_button("sun_moon", "Light or dark", kind="quiet", on_click=rx.toggle_color_mode),
        _account(frame),
        class_name="top",
    )


def _search_words(frame: Frame) -> rx.Var[str]:
    """The palette finds customers for those who may see them, and pages for everybody."""
    may_find = frame.allowed.contains(Permission.CUSTOMERS_VIEW.value)
    return rx.cond(frame.loaded & may_find, "Search name or last 4 digits", "Search")


def _account(frame: Frame) -> rx.Component:
    return rx.fragment(
        rx.el.button(
            rx.el.span(_first_letter(frame.person), class_name="avatar", aria_hidden="true"),
            rx.el.span(frame.person, rx.el.small(frame.role), class_name="who-name"),
            rx.el.span("Your account", class_name="sr-only"),
            type="button",
            class_name="who",
            custom_attrs={"popoverTarget": _ACCOUNT_MENU},
        ),
        rx.el.div(
            rx.el.p(
                rx.el.span(frame.person, class_name="strong"), rx.el.br(), rx.el.span(frame.role, class_name="meta")
            ),
            rx.el.hr(),
            route_link(icon("circle_user"), rx.el.span("Your account"), to="/account"),
            post_form(rx.el.button(icon("log_out"), rx.el.span("Sign out"), type="submit"), to="/sign-out"),
            id=_ACCOUNT_MENU,
            class_name="menu",
            custom_attrs={"popover": "auto"},
        ),
    )


def _ribbons(frame: Frame) -> rx.Component:
    watching = rx.el.div(
        icon("eye"),
        rx.el.span("Viewing as ", frame.viewing_as, ". Nothing can be changed."),
        post_form(rx.el.button("Stop", type="submit", class_name="btn-link"), to="/view-as/stop"),
        class_name="ribbon",
    )
    unverified = rx.el.div(
        icon("mail"),
        rx.el.span("Please confirm your email address with the link we sent you."),
        away_button("Send it again", "/verify", kind="quiet"),
        class_name="ribbon",
    )
    return rx.fragment(
        rx.cond(frame.viewing_as != "", watching), rx.cond(frame.loaded & frame.needs_verification, unverified)
    )


def _tabs(frame: Frame, here: str) -> rx.Component:
    """Bottom tabs of the phone: Today, Calendar, New, Customers, and all places under More."""
    new = route_link(icon("plus"), rx.el.span("New booking", class_name="sr-only"), to=NEW_BOOKING, class_name="add")
    may_book = frame.allowed.contains(Permission.BOOKINGS_OWN.value)
    tabs: list[rx.Component] = []
    for place in frame.places:
        if place.href not in TAB_HREFS:
            continue
        tab = route_link(icon(place.icon), rx.el.span(place.label), to=place.href, **_current(place, here))
        tabs.append(
            _if_allowed(frame, place, rx.fragment(tab, rx.cond(may_book, new)) if place.href == "/calendar" else tab)
        )
    more = rx.el.button(icon("menu"), rx.el.span("More"), type="button", custom_attrs={"popoverTarget": _MORE_MENU})
    return rx.fragment(
        rx.el.nav(
            rx.cond(frame.loaded, rx.fragment(*tabs), rx.fragment(*[rx.el.span() for _ in (*tabs, new)])),
            more,
            class_name="tabs",
            aria_label="Main, at the foot",
        ),
        rx.el.nav(
            _places(frame, here),
            id=_MORE_MENU,
            class_name="menu menu-up",
            aria_label="More",
            custom_attrs={"popover": "auto"},
        ),
    )


def _if_allowed(frame: Frame, place: Place, shown: rx.Component) -> rx.Component:
    return rx.cond(frame.allowed.contains(place.needs.value), shown)


def _current(place: Place, here: str) -> dict[str, Any]:
    return {"aria_current": "page"} if place.href == here else {}


def _first_letter(name: rx.Var[str]) -> rx.Var[str]:
    return name[:1].upper()
