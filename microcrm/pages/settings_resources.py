"""Settings, Rooms and chairs."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, entry, menu, menu_item, menu_trigger, segmented, submit
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.fields import choice_field, text_field
from microcrm.pages.settings_frame import settings_screen
from microcrm.state.settings_resources import ResourceLine
from microcrm.state.settings_resources import ResourceSettings as S

KINDS = [
    ("room", "Room", "A cabin, a studio, a consulting room"),
    ("chair", "Chair", "A styling chair, a dental chair, a bed"),
    ("equipment", "Equipment", "A machine that serves one person at a time"),
]


def settings_resources() -> rx.Component:
    return settings_screen(
        "Rooms and chairs",
        segmented(
            "Which",
            [("use", "In use"), ("archive", "Out of use")],
            rx.cond(S.is_archive, "archive", "use"),
            S.pick_list,
        ),
        card(
            rx.cond(S.is_archive, "Out of use", "In use"),
            rx.cond(
                S.is_ready,
                rx.cond(S.rows.length() > 0, rx.el.ul(rx.foreach(S.rows, _row), class_name="list"), _nothing()),
                skeleton_lines(4),
            ),
            padded=False,
        ),
        _dialog(),
        here="/settings/resources",
        sub="What only one booking can have at a time",
        actions=[button("Add", icon="plus", kind="primary", on_click=S.start(""))],
    )


def _nothing() -> rx.Component:
    return rx.cond(
        S.is_archive,
        blank("archive", "Nothing here", "Rooms and chairs that you take out of use are kept here."),
        blank(
            "armchair",
            "No rooms or chairs yet",
            "Add them if a booking can fail because the room or chair is taken. Without them only people’s time counts.",
            button("Add the first", on_click=S.start("")),
        ),
    )


def _row(row: ResourceLine) -> rx.Component:
    uid = "resource-" + row.id
    acts = menu(
        uid,
        menu_trigger(uid, "More"),
        menu_item(uid, "Edit", icon="pencil", on_click=S.start(row.id)),
        menu_item(uid, "Move up", icon="arrow_up", on_click=S.move(row.id, "up")),
        menu_item(uid, "Move down", icon="arrow_down", on_click=S.move(row.id, "down")),
        menu_item(uid, "Take out of use", icon="archive", danger=True, on_click=S.archive(row.id)),
    )
    return rx.el.li(
        entry(row.name, row.uses, S.start(row.id)),
        chip(row.kind_words),
        rx.cond(S.is_archive, button("Use again", on_click=S.restore(row.id)), acts),
        key=row.id,
    )


def _dialog() -> rx.Component:
    return dialog(
        rx.cond(S.form.id == "", "Add a room or chair", S.form.name),
        rx.el.form(
            text_field("name", "Name", S.errors, value=S.form.name, max_length=60),
            choice_field("kind", "Kind", S.errors, KINDS, value=S.form.kind),
            form_footer(button("Cancel", on_click=S.close), submit("Save")),
            on_submit=S.save,
            class_name="form",
            no_validate=True,
        ),
        open=S.is_open,
        on_close=S.close,
    )
