"""Things one presses: buttons, links that look like buttons, segmented choices, menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML
from reflex_components_core.el.elements.inline import A
from reflex_components_core.react_router import link as route_link

from microcrm.components.icons import icon as icon_
from microcrm.components.icons import whatsapp_icon

Kind = Literal["plain", "primary", "next", "quiet", "danger", "danger-solid", "whatsapp"]

_KIND_CLASS: dict[Kind, str] = {
    "plain": "btn",
    "primary": "btn btn-primary",
    "next": "btn btn-next",
    "quiet": "btn btn-quiet",
    "danger": "btn btn-danger",
    "danger-solid": "btn btn-danger-solid",
    "whatsapp": "btn btn-whatsapp",
}


# ``rx.el.a`` is React Router's link, which never asks the server; this is the element itself.
anchor = A.create


class PostForm(BaseHTML):
    """A form that the browser sends itself. ``rx.el.form`` without ``on_submit`` stops its own submission."""

    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]
    enc_type: rx.Var[str]


def post_form(*children: rx.Component, to: str, **props: Any) -> rx.Component:
    """Posts its fields to the HTTP route ``to`` and loads the page that answers: for what changes the session, and files."""
    return PostForm.create(*children, action=to, method="post", **props)


def button(
    label: str | rx.Var[str],
    *,
    icon: str = "",
    kind: Kind = "plain",
    busy: rx.Var[bool] | None = None,
    busy_label: str = "Saving…",
    class_name: str = "",
    **props: Any,
) -> rx.Component:
    """A button with words. While ``busy`` it is disabled and says ``busy_label``."""
    words = label if busy is None else rx.cond(busy, busy_label, label)
    if busy is not None:
        props["disabled"] = busy
    props.setdefault("type", "button")
    return rx.el.button(
        *_face(icon, kind), rx.el.span(words), class_name=f"{_KIND_CLASS[kind]} {class_name}".strip(), **props
    )


def submit(label: str | rx.Var[str] = "Save", *, busy: rx.Var[bool] | None = None, **props: Any) -> rx.Component:
    """The one solid button of a form."""
    return button(label, kind="primary", busy=busy, type="submit", **props)


def icon_button(icon: str, label: str, *, kind: Kind = "plain", class_name: str = "", **props: Any) -> rx.Component:
    """A button with an icon only; ``label`` is what screen readers say and the tip shows."""
    props.setdefault("type", "button")
    return rx.el.button(
        icon_(icon),
        class_name=f"{_KIND_CLASS[kind]} btn-icon {class_name}".strip(),
        aria_label=label,
        title=label,
        **props,
    )


def link(label: str | rx.Var[str] | rx.Component, href: str | rx.Var[str], **props: Any) -> rx.Component:
    """A link to another screen of the app, without a page load."""
    return route_link(label, to=href, **props)


def crumb(words: str, href: str | rx.Var[str]) -> rx.Component:
    """The way back to what this screen is a part of, above its title."""
    return link(rx.fragment(icon_("chevron_left", "s"), words), href, class_name="crumb")


def link_button(
    label: str | rx.Var[str], href: str | rx.Var[str], *, icon: str = "", kind: Kind = "plain", **props: Any
) -> rx.Component:
    """A link to another screen of the app that looks like a button."""
    return route_link(*_face(icon, kind), rx.el.span(label), to=href, class_name=_KIND_CLASS[kind], **props)


def away_button(
    label: str | rx.Var[str], href: str | rx.Var[str], *, icon: str = "", kind: Kind = "plain", **props: Any
) -> rx.Component:
    """A link that leaves the app (pages of the server, files, wa.me) and looks like a button."""
    return anchor(*_face(icon, kind), rx.el.span(label), href=href, class_name=_KIND_CLASS[kind], **props)


def entry(name: rx.Var[str], about: rx.Var[str], on_open: rx.event.EventSpec, *before: rx.Component) -> rx.Component:
    """The row of a settings list that opens what it names; ``before`` it an avatar or a dot."""
    words = rx.el.span(rx.el.strong(name), rx.el.span(about, class_name="meta"))
    return rx.el.button(*before, words, type="button", class_name="entry", on_click=on_open)


def text_button(label: str | rx.Var[str], **props: Any) -> rx.Component:
    """A button that looks like a link, for actions inside text and lists."""
    return rx.el.button(label, type="button", class_name="btn-link", **props)


def segmented(
    label: str, options: Sequence[tuple[str, str]], value: rx.Var[str], on_pick: rx.EventHandler | Callable[[str], Any]
) -> rx.Component:
    """A choice of a few, one pressed. ``options`` are (value, words); ``on_pick`` gets the value."""
    return rx.el.div(
        *[
            rx.el.button(words, type="button", aria_pressed=_pressed(value == key), on_click=on_pick(key))
            for key, words in options
        ],
        class_name="seg",
        role="group",
        aria_label=label,
    )


def underlined_tabs(label: str, tabs: Sequence[tuple[str, str]], here: str) -> rx.Component:
    """Links to sibling screens. ``tabs`` are (href, words); ``here`` is the href of this one."""
    return rx.el.nav(
        *[route_link(words, to=href, **({"aria_current": "page"} if href == here else {})) for href, words in tabs],
        class_name="underlined",
        aria_label=label,
    )


def menu(uid: str | rx.Var[str], trigger: rx.Component, *items: rx.Component) -> rx.Component:
    """Actions behind a button, as a native popover: Esc and a press elsewhere close it without a line of script.

    ``trigger`` is made by `menu_trigger` with the same ``uid``, which must be unique on the page.
    """
    return rx.fragment(trigger, rx.el.div(*items, id=uid, class_name="menu", custom_attrs={"popover": "auto"}))


def menu_trigger(uid: str | rx.Var[str], label: str, *, icon: str = "ellipsis", kind: Kind = "quiet") -> rx.Component:
    return icon_button(icon, label, kind=kind, custom_attrs={"popoverTarget": uid})


def menu_item(uid: str | rx.Var[str], label: str, *, icon: str, danger: bool = False, **props: Any) -> rx.Component:
    """An action in the menu ``uid``; pressing it closes the menu."""
    closes = {"popoverTarget": uid, "popoverTargetAction": "hide"}
    return rx.el.button(
        icon_(icon),
        rx.el.span(label),
        type="button",
        class_name="danger" if danger else "",
        custom_attrs=closes | props.pop("custom_attrs", {}),
        **props,
    )


def menu_link(label: str, href: str | rx.Var[str], *, icon: str) -> rx.Component:
    return route_link(icon_(icon), rx.el.span(label), to=href)


def whatsapp_button(number: rx.Var[str], label: str = "WhatsApp") -> rx.Component:
    """Opens a chat. ``number`` is digits with the country code, as wa.me wants it: 919845012345."""
    return away_button(label, "https://wa.me/" + number, kind="whatsapp", target="_blank", rel="noopener noreferrer")


def _face(icon: str, kind: Kind) -> list[rx.Component]:
    if kind == "whatsapp":
        return [whatsapp_icon()]
    return [icon_(icon)] if icon else []


def _pressed(is_pressed: rx.Var[bool]) -> rx.Var[str]:
    return rx.cond(is_pressed, "true", "false")
