"""Settings, Staff and their hours: the list."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, entry, menu, menu_item, menu_trigger, submit
from microcrm.components.cards import avatar, card, chip
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import skeleton_lines
from microcrm.components.fields import hue_field, switch_field, text_field
from microcrm.pages.settings_frame import settings_screen
from microcrm.pages.settings_person import person_panel
from microcrm.state.settings_staff import PersonLine
from microcrm.state.settings_staff import StaffSettings as S


def settings_staff() -> rx.Component:
    return settings_screen(
        "Staff and their hours",
        card(
            "Who works here",
            rx.cond(S.is_ready, rx.el.ul(rx.foreach(S.rows, _row), class_name="list"), skeleton_lines(8)),
            sub="In the order of the calendar’s columns",
            padded=False,
        ),
        person_panel(),
        _adding(),
        here="/settings/staff",
        sub="What each person does, when they work, when they are away",
        actions=[button("Add a person", icon="user_plus", kind="primary", on_click=S.start_adding)],
    )


def _row(row: PersonLine) -> rx.Component:
    uid = "person-" + row.id
    return rx.el.li(
        entry(row.name, row.role, S.open_person(row.id), avatar(row.initials, row.colour)),
        rx.cond(row.is_bookable, rx.fragment(), chip("Takes no bookings")),
        menu(
            uid,
            menu_trigger(uid, "More"),
            menu_item(uid, "Edit", icon="pencil", on_click=S.open_person(row.id)),
            menu_item(uid, "Move up", icon="arrow_up", on_click=S.move(row.id, "up")),
            menu_item(uid, "Move down", icon="arrow_down", on_click=S.move(row.id, "down")),
        ),
        key=row.id,
    )


def _adding() -> rx.Component:
    return dialog(
        "Add a person",
        rx.el.form(
            text_field("name", "Name", S.errors, form="add", max_length=80, auto_complete="off"),
            hue_field("colour", "Colour in the calendar"),
            switch_field("is_bookable", "Takes bookings", checked=True, hint="Has a column in the calendar"),
            form_footer(button("Cancel", on_click=S.stop_adding), submit("Add")),
            on_submit=S.add,
            class_name="form",
            no_validate=True,
        ),
        open=S.is_adding,
        on_close=S.stop_adding,
        description="They need no sign-in to be booked. You can invite them to sign in later.",
    )
