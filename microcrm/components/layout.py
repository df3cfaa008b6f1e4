"""The shell around every screen of the app: rail, top bar, bottom tabs, and the main region with its heading.

Pure functions of Vars; `microcrm.pages.frame` binds them to the signed-in person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex_components_core.react_router import link as route_link

from microcrm.components.buttons import icon_button
from microcrm.components.feedback import offline_ribbon, online_chip, skeleton
from microcrm.components.hotkeys.hotkeys import does
from microcrm.components.icons import icon, icon_of

NAV_ICONS = ("sun", "calendar_days", "users", "scissors", "history", "settings", "circle_user", "store")
TAB_HREFS = ("/today", "/calendar", "/customers")
NEW_BOOKING = "/calendar?new=1"


@dataclass(frozen=True, slots=True)
class Frame:
    """What the shell shows of the signed-in person. ``navigation`` holds objects with href, label and icon."""

    shop: rx.Var[str]
    initial: rx.Var[str]
    person: rx.Var[str]
    initials: rx.Var[str]
    role: rx.Var[str]
    navigation: rx.Var[list[Any]]
    loaded: rx.Var[bool]
    viewing_as: rx.Var[bool]


def shell(frame: Frame, here: str, main: rx.Component, *extras: rx.Component) -> rx.Component:
    """The whole page. ``here`` is the href of the current place in the navigation; ``extras`` float above it."""
    return rx.fragment(
        rx.el.a("Skip to content", href="#main", class_name="skip btn"),
        rx.el.div(
            _rail(frame, here),
            rx.el.div(offline_ribbon(), _viewing_as(frame), _top(frame), main, class_name="page"),
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
    class_name: str = "",
) -> rx.Component:
    """Heading with its actions, then the content."""
    says_more = isinstance(sub, rx.Var) or bool(sub)
    return rx.el.main(
        rx.el.div(
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
    return rx.el.div(
        route_link(
            rx.el.span(frame.initial, class_name="mark", aria_hidden="true"),
            rx.el.span(frame.shop, rx.el.small("MicroCRM")),
            to="/today",
            class_name="brand",
            aria_label="Today",
        ),
        rx.el.nav(_nav_links(frame, here), class_name="nav", aria_label="Main"),
        rx.el.div(
            rx.el.button(
                icon("keyboard"),
                rx.el.span("Shortcuts"),
                rx.el.kbd("?", class_name="kbd"),
                type="button",
                **does("keys"),
            ),
            class_name="rail-foot",
        ),
        class_name="rail",
    )


def _nav_links(frame: Frame, here: str) -> rx.Component:
    def entry(item: rx.Var[Any]) -> rx.Component:
        return route_link(
            icon_of(item.icon, NAV_ICONS),
            rx.el.span(item.label),
            to=item.href,
            aria_current=_current(item, here),
            key=item.href,
        )

    return rx.cond(
        frame.loaded, rx.foreach(frame.navigation, entry), rx.fragment(*[skeleton("20px", "auto") for _ in range(6)])
    )


def _top(frame: Frame) -> rx.Component:
    return rx.el.header(
        rx.el.button(
            icon("search"),
            rx.el.span("Search", class_name="clip"),
            rx.el.kbd("Ctrl K", class_name="kbd"),
            type="button",
            class_name="find",
            aria_haspopup="dialog",
            **does("palette"),
        ),
        rx.el.span(class_name="spring"),
        online_chip(),
        icon_button("sun_moon", "Light or dark", kind="quiet", on_click=rx.toggle_color_mode),
        _account(frame),
        class_name="top",
    )


def _account(frame: Frame) -> rx.Component:
    uid = "account-menu"
    return rx.fragment(
        rx.el.button(
            rx.el.span(frame.initials, class_name="avatar", aria_hidden="true"),
            rx.el.span(frame.person, rx.el.small(frame.role), class_name="who-name"),
            rx.el.span("Your account", class_name="sr-only"),
            type="button",
            class_name="who",
            custom_attrs={"popoverTarget": uid},
        ),
        rx.el.div(
            rx.el.p(frame.person, rx.el.span(frame.role, class_name="meta", display="block")),
            rx.el.hr(),
            route_link(icon("circle_user"), rx.el.span("Your account"), to="/account"),
            rx.el.form(
                rx.el.button(icon("log_out"), rx.el.span("Sign out"), type="submit"), action="/sign-out", method="post"
            ),
            id=uid,
            class_name="menu",
            custom_attrs={"popover": "auto"},
        ),
    )


def _viewing_as(frame: Frame) -> rx.Component:
    return rx.cond(
        frame.viewing_as,
        rx.el.div(
            icon("eye"),
            rx.el.span("You see MicroCRM as ", frame.person, ", ", frame.role, ". Nothing can be changed."),
            rx.el.form(
                rx.el.button("Stop", type="submit", class_name="btn-link"), action="/view-as/stop", method="post"
            ),
            class_name="ribbon",
        ),
    )


def _tabs(frame: Frame, here: str) -> rx.Component:
    """Bottom tabs of the phone: what of Today, Calendar and Customers one may see, New between them, the rest under More."""

    def tab(item: rx.Var[Any]) -> rx.Component:
        link = route_link(
            icon_of(item.icon, NAV_ICONS), rx.el.span(item.label), to=item.href, aria_current=_current(item, here)
        )
        new = route_link(icon("plus"), rx.el.span("New", class_name="sr-only"), to=NEW_BOOKING, class_name="add")
        return rx.match(
            item.href,
            ("/calendar", rx.fragment(link, new, key=item.href)),
            *[(href, rx.fragment(link, key=item.href)) for href in TAB_HREFS if href != "/calendar"],
            rx.fragment(key=item.href),
        )

    more = "more-menu"
    return rx.el.div(
        rx.el.nav(
            rx.foreach(frame.navigation, tab),
            rx.el.button(icon("menu"), rx.el.span("More"), type="button", custom_attrs={"popoverTarget": more}),
            class_name="tabs",
            aria_label="Main, at the foot",
        ),
        rx.el.nav(
            _nav_links(frame, here),
            id=more,
            class_name="menu more",
            aria_label="More",
            custom_attrs={"popover": "auto"},
        ),
    )


def _current(item: rx.Var[Any], here: str) -> rx.Var[str]:
    return rx.cond(item.href == here, "page", "false")
