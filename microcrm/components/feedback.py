"""What a screen says when there is nothing to show yet, nothing at all, or something went wrong."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from microcrm.components.buttons import away_button, button
from microcrm.components.icons import icon


def skeleton(height: str, width: str = "100%") -> rx.Component:
    """A grey bar the size of what will come, so that nothing jumps."""
    return rx.el.span(class_name="skeleton", style={"height": height, "width": width})


def skeleton_lines(count: int, height: str = "") -> rx.Component:
    """A list that is on its way; its rows are as high as those of ``ul.list`` unless ``height`` says otherwise."""
    style = {"min_height": height} if height else {}
    return rx.el.div(
        *[rx.el.div(skeleton("14px", "60%"), class_name="skeleton-row", style=style) for _ in range(count)],
        aria_busy="true",
    )


def blank(icon_name: str, title: str | rx.Var[str], text: str | rx.Var[str], *actions: rx.Component) -> rx.Component:
    """Nothing here yet: what this is, and the one thing to do about it."""
    return rx.el.div(
        icon(icon_name),
        rx.el.h2(title),
        rx.el.p(text),
        rx.el.div(*actions, class_name="row") if actions else rx.fragment(),
        class_name="blank",
    )


def no_match(query: rx.Var[str], on_clear: rx.EventHandler, clear_label: str = "Clear search") -> rx.Component:
    """A search that found nothing: repeats what was asked."""
    return rx.el.div(
        icon("search_x"),
        rx.el.h2("Nothing found for “", query, "”"),
        rx.el.p("Check the spelling, or try fewer letters or the last 4 digits of the phone number."),
        rx.el.div(button(clear_label, on_click=on_clear), class_name="row"),
        class_name="blank",
        role="status",
    )


def failed(text: str | rx.Var[str], on_retry: rx.EventHandler, reference: rx.Var[str] | None = None) -> rx.Component:
    """A region that could not be loaded."""
    return rx.el.div(
        icon("circle_alert"),
        rx.el.h2("This could not be loaded"),
        rx.el.p(text),
        rx.el.p("Reference ", reference, class_name="meta") if reference is not None else rx.fragment(),
        rx.el.div(button("Try again", icon="rotate_cw", on_click=on_retry), class_name="row"),
        class_name="blank",
        role="alert",
    )


def no_permission(what: str, who: str = "An owner or manager") -> rx.Component:
    """``what`` completes "You don't have access to …"."""
    return blank("lock", f"You don’t have access to {what}", f"{who} of your shop can give it to you in Settings.")


def alert(
    tone: str, title: str | rx.Var[str], text: str | rx.Var[str] = "", action: rx.Component | None = None
) -> rx.Component:
    """A standing message inside a page. ``tone`` is ok, info, warn or bad."""
    icons = {"ok": "circle_check", "info": "info", "warn": "triangle_alert", "bad": "circle_alert"}
    return rx.el.div(
        icon(icons[tone]),
        rx.el.div(rx.el.p(title, class_name="strong"), rx.el.p(text) if _given(text) else rx.fragment()),
        action or rx.fragment(),
        class_name=f"alert alert-{tone}",
    )


def offline_ribbon() -> rx.Component:
    """Shown while the socket is down. Replaces Reflex's overlay, which prints the server's address."""
    return rx.cond(
        has_connection_errors,
        rx.el.div(
            icon("cloud_off"),
            rx.el.span("No connection. Changes aren’t saved until it is back; what you typed stays here."),
            class_name="ribbon",
            role="alert",
        ),
    )


def online_chip() -> rx.Component:
    """A word in the top bar on whether changes reach the server."""
    return rx.cond(
        has_connection_errors,
        rx.el.span(icon("cloud_off", "xs"), "Offline", class_name="chip chip-warn"),
    )


def crash() -> rx.Component:
    """Instead of a page whose script failed."""
    return rx.el.main(
        rx.el.div(
            icon("circle_alert"),
            rx.el.h1("Something went wrong on this page"),
            rx.el.p(
                "Your saved work is safe. Reload the page to go on; if it happens again, tell us what you pressed."
            ),
            rx.el.div(
                away_button("Reload", "", icon="rotate_cw", kind="primary"),
                away_button("Go to Today", "/today"),
                class_name="row",
            ),
            class_name="blank",
            role="alert",
        ),
        class_name="main",
    )


def _given(text: str | rx.Var[str]) -> bool:
    return isinstance(text, rx.Var) or bool(text)
