"""Boxes and small marks: cards, figures, chips, avatars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import reflex as rx

from microcrm.components.icons import icon as icon_

Tone = Literal["neutral", "ok", "info", "warn", "bad"]


def card(
    title: str | rx.Var[str],
    *children: rx.Component,
    sub: str | rx.Var[str] = "",
    actions: Sequence[rx.Component] = (),
    padded: bool = True,
) -> rx.Component:
    """A titled box. ``padded=False`` for lists and tables, which bring their own space."""
    says_more = isinstance(sub, rx.Var) or bool(sub)
    return rx.el.section(
        rx.el.header(
            rx.el.h2(title),
            rx.el.span(sub, class_name="meta") if says_more else rx.fragment(),
            rx.el.span(class_name="spring"),
            *actions,
        ),
        rx.el.div(*children, class_name="pad stack") if padded else rx.fragment(*children),
        class_name="card",
    )


def plain_card(*children: rx.Component, class_name: str = "pad") -> rx.Component:
    """A box without a title."""
    return rx.el.section(*children, class_name=f"card {class_name}".strip())


def chip(text: str | rx.Var[str], tone: Tone | rx.Var[str] = "neutral", icon: str = "") -> rx.Component:
    """A status in a word; colour only repeats what the word and the icon say."""
    name = f"chip chip-{tone}" if isinstance(tone, str) else rx.Var.create("chip chip-") + tone
    return rx.el.span(*([icon_(icon, "xs")] if icon else []), text, class_name=name)


def hue_chip(text: str | rx.Var[str], hue: rx.Var[str]) -> rx.Component:
    """A service or category in its colour."""
    return rx.el.span(text, class_name=rx.Var.create("chip chip-hue hue-") + hue)


def hue_dot(hue: rx.Var[str]) -> rx.Component:
    return rx.el.span(class_name=rx.Var.create("dot hue-") + hue, aria_hidden="true")


def avatar(initials: rx.Var[str], hue: rx.Var[str] | None = None) -> rx.Component:
    """Initials in a circle; grey unless the person has a colour."""
    name = "avatar" if hue is None else rx.Var.create("avatar hue-") + hue
    return rx.el.span(initials, class_name=name, aria_hidden="true")


def facts(*pairs: tuple[str, rx.Var[str] | rx.Component]) -> rx.Component:
    """Names with their values, in two columns where there is room."""
    return rx.el.dl(
        *[rx.el.div(rx.el.dt(name, class_name="meta"), rx.el.dd(value)) for name, value in pairs], class_name="grid-2"
    )
