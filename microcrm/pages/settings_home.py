"""Where settings begin: every page of them, with what it is about."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import link
from microcrm.components.icons import icon
from microcrm.pages.frame import screen
from microcrm.pages.settings_frame import GROUPS, Setting, is_found, settings_search
from microcrm.state.base import AppState


def settings_home() -> rx.Component:
    return screen(
        "Settings",
        rx.el.div(settings_search(), class_name="narrow"),
        *[
            rx.el.section(
                rx.el.h2(name),
                rx.el.div(*[_tile(s) for s in settings], class_name="tiles"),
                class_name="stack-s tile-group",
            )
            for name, settings in GROUPS
        ],
        here="/settings",
    )


def _tile(setting: Setting) -> rx.Component:
    face = rx.fragment(icon(setting.icon), rx.el.span(setting.label), rx.el.small(setting.why))
    place = rx.el.span(class_name="tile skeleton", aria_hidden="true")
    return rx.cond(AppState.loaded, rx.cond(is_found(setting), link(face, setting.href, class_name="tile")), place)
