"""Your account: details, how you sign in, and where you are signed in."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button, button, submit
from microcrm.components.cards import card, chip
from microcrm.components.feedback import alert, skeleton_lines
from microcrm.components.fields import phone_field, text_field
from microcrm.components.icons import icon
from microcrm.domain.permissions import ROLE_LABELS, Permission, Role
from microcrm.pages.bell_choices import bell_choices
from microcrm.pages.calendar_feed import calendar_feed
from microcrm.pages.settings_frame import settings_screen
from microcrm.state.account import Account, DeviceRow
from microcrm.state.base import AppState
from microcrm.state.calendar_feed import CalendarFeed


def account() -> rx.Component:
    return settings_screen(
        "Your account",
        rx.cond(
            Account.is_ready,
            rx.fragment(_urge(), _details(), _calendar(), bell_choices(), _ways_in(), _devices()),
            card("Your details", skeleton_lines(4)),
        ),
        here="/account",
        sub="Yours alone, in every business you belong to",
    )


def _urge() -> rx.Component:
    """Owners can see and change everything, so a stolen password of theirs costs the most."""
    is_owner = AppState.role_label == ROLE_LABELS[Role.OWNER]
    return rx.cond(
        is_owner & ~Account.profile.has_second_step,
        alert(
            "warn",
            "Turn on the second step",
            "You can see and change everything in your business. With a code from your phone, a stolen password is not enough.",
            away_button("Set up", "/account/second-step"),
        ),
    )


def _details() -> rx.Component:
    return card(
        "Your details",
        rx.el.form(
            rx.el.div(
                text_field("name", "Your name", Account.errors, value=Account.profile.name, auto_complete="name"),
                phone_field("phone", "Mobile number", Account.errors, value=Account.profile.phone, optional=True),
                class_name="grid-2",
            ),
            rx.el.div(submit("Save", busy=Account.is_saving), class_name="form-actions"),
            on_submit=Account.save,
            class_name="form",
        ),
    )


def _calendar() -> rx.Component:
    return rx.cond(
        AppState.allowed.contains(Permission.CALENDAR_OWN.value),
        rx.el.div(card("Your visits in your own calendar", calendar_feed()), on_mount=CalendarFeed.load("")),
    )


def _ways_in() -> rx.Component:
    profile = Account.profile
    second_step = rx.cond(profile.has_second_step, profile.codes_left, "A code from your phone after the password")
    return card(
        "Sign-in",
        rx.el.ul(
            _way("mail", "Email", profile.email, away_button("Change", "/account/email")),
            _way(
                "lock",
                "Password",
                rx.fragment("Last changed ", profile.password_changed),
                away_button("Change", "/account/password"),
            ),
            _way(
                "shield_check",
                rx.fragment("Second step ", rx.cond(profile.has_second_step, chip("On", "ok"), chip("Off", "neutral"))),
                second_step,
                away_button(rx.cond(profile.has_second_step, "Change", "Set up"), "/account/second-step"),
            ),
            class_name="list",
        ),
        padded=False,
    )


def _way(
    icon_name: str, title: str | rx.Component, text: rx.Var[str] | rx.Component, action: rx.Component
) -> rx.Component:
    return rx.el.li(
        icon(icon_name),
        rx.el.div(rx.el.p(title, class_name="strong"), rx.el.p(text, class_name="meta")),
        rx.el.span(class_name="spring"),
        action,
    )


def _devices() -> rx.Component:
    return card(
        "Where you are signed in",
        rx.el.ul(rx.foreach(Account.devices, _device), class_name="list"),
        actions=[
            rx.cond(Account.devices.length() > 1, button("Sign out everywhere else", on_click=Account.end_others))
        ],
        padded=False,
    )


def _device(row: rx.Var[DeviceRow]) -> rx.Component:
    return rx.el.li(
        icon("monitor_smartphone"),
        rx.el.div(
            rx.el.p(row.browser, class_name="strong"),
            rx.el.p(row.seen, ". Signed in: ", row.since, class_name="meta"),
        ),
        rx.el.span(class_name="spring"),
        rx.cond(row.is_here, chip("This device", "ok"), button("Sign out", on_click=Account.end(row.id))),
        key=row.id,
    )
